/**
 * What an operator may ask of a running `ft-run`, and the answers: the meaning of `ft-ctl`'s commands. Where the guest's
 * machine is concerned, each becomes a control entry in the log (§3.3).
 */
import type { PairNews, Supervisor } from './supervisor.ts'

export const controlCommands = ['status', 'failover', 'add-backup', 'move-backup', 'stop'] as const
export type ControlCommand = (typeof controlCommands)[number]

export type ControlAnswer =
  | { readonly ok: true; readonly [field: string]: unknown }
  | { readonly ok: false; readonly error: string }

const statusTimeoutMs = 2000
const failoverTimeoutMs = 15_000
const protectTimeoutMs = 120_000

export async function control(supervisor: Supervisor, command: ControlCommand): Promise<ControlAnswer> {
  switch (command) {
    case 'status': return await status(supervisor)
    case 'failover': return await failover(supervisor)
    case 'add-backup': return await addBackup(supervisor)
    case 'move-backup': return await moveBackup(supervisor)
    case 'stop':
      void supervisor.stop('stopped by ft-ctl')
      return { ok: true, stopped: true }
  }
}

async function status(supervisor: Supervisor): Promise<ControlAnswer> {
  const machine = await supervisor.status(statusTimeoutMs)
  const { primary, backup } = supervisor.pair
  const { host, port } = supervisor.address
  return {
    ok: true, vm: supervisor.vm, address: `${host}:${port}`, protected: supervisor.isProtected,
    primary: primary === undefined || primary.exited ? null : { pid: primary.pid },
    backup: backup === undefined ? null : { pid: backup.pid },
    machine: machine ?? null
  }
}

async function failover(supervisor: Supervisor): Promise<ControlAnswer> {
  if (!supervisor.isProtected) return refuse('the service is not protected: there is no backup that could take over')
  const startedMs = performance.now()
  const news = until(supervisor, failoverTimeoutMs, ({ report }) => report.event === 'live' || report.event === 'alone')
  supervisor.stepDown()
  const heard = await news
  if (heard?.report.event !== 'live') return refuse(heard === undefined ? 'the backup has not answered' : 'the backup did not take over')
  return { ok: true, term: heard.report.term, primary: { pid: heard.child.pid }, tookMs: Math.round(performance.now() - startedMs) }
}

async function addBackup(supervisor: Supervisor): Promise<ControlAnswer> {
  if (supervisor.isProtected) return refuse('there is a backup already; to put another in its place, use move-backup')
  const startedMs = performance.now()
  const news = until(supervisor, protectTimeoutMs, isProtected(supervisor))
  supervisor.addBackup()
  return protectedAnswer(supervisor, await news, startedMs)
}

async function moveBackup(supervisor: Supervisor): Promise<ControlAnswer> {
  if (!supervisor.isProtected) return refuse('the service is not protected: there is no backup to move')
  const startedMs = performance.now()
  const successor = supervisor.moveBackup()
  const isOver = ({ report }: PairNews): boolean =>
    (report.event === 'protected' || report.event === 'backup-lost') && report.peer === successor.name
  const news = until(supervisor, protectTimeoutMs, (heard) => isOver(heard) || heard.report.event === 'live')
  const heard = await Promise.race([news, successor.gone().then(() => undefined)])
  if (heard?.report.event !== 'protected') return refuse('the new backup did not come up; the old one stays')
  return protectedAnswer(supervisor, heard, startedMs)
}

function isProtected(supervisor: Supervisor): (news: PairNews) => boolean {
  return ({ child, report }) => report.event === 'protected' && child === supervisor.pair.primary
}

function protectedAnswer(supervisor: Supervisor, heard: PairNews | undefined, startedMs: number): ControlAnswer {
  if (heard === undefined) return refuse(`no backup has come up in ${protectTimeoutMs / 1000} s; see the log of ft-run`)
  return { ok: true, backup: { pid: supervisor.pair.backup?.pid }, tookMs: Math.round(performance.now() - startedMs) }
}

function refuse(error: string): ControlAnswer {
  return { ok: false, error }
}

/** The first news that fits; undefined if none comes in time. */
function until(supervisor: Supervisor, timeoutMs: number, fits: (news: PairNews) => boolean): Promise<PairNews | undefined> {
  const { promise, resolve } = Promise.withResolvers<PairNews | undefined>()
  const timer = setTimeout(() => resolve(undefined), timeoutMs)
  const stop = supervisor.onNews((news) => {
    if (fits(news)) resolve(news)
  })
  return promise.finally(() => {
    clearTimeout(timer)
    stop()
  })
}
