/**
 * A stand-in for `ft-run` in the drill's own tests: any server on a socket, and two idle processes to kill or
 * stop in the place of the replicas. It says what a pair would say.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Address } from './resp-client.ts'
import { LOST_EXIT_CODE, PairEventLog } from './pair-events.ts'
import type { PairHandle } from './pair.ts'

const POLL_MS = 10

export type StandInOptions = {
  readonly address: Address
  readonly stopServer: () => Promise<void>
  /** How the primary ends when it is continued after a stop; by default it loses. */
  readonly exitCodeAfterPause?: number
  readonly divergence?: boolean
  /** The backup goes live before there is a fault. */
  readonly early?: boolean
}

export async function startStandInPair(options: StandInOptions): Promise<PairHandle> {
  const events = new PairEventLog()
  const [primary, backup] = [idleProcess(), idleProcess()] as const
  const live = (): void => events.push({ event: 'live', role: 'backup', term: 2, entriesReplayed: 7 })
  events.push({ event: 'test-and-set', won: true, term: 1, holder: `primary-${primary.pid}` })
  if (options.early === true) live()
  if (options.divergence === true) events.push({ event: 'divergence', lastGoodSeq: 1, firstBadSeq: 2 })
  primary.once('exit', (code, signal) => {
    live()
    events.push({ event: 'exit', pid: primary.pid, code, signal })
  })
  backup.once('exit', (code, signal) => {
    events.push({ event: 'alone', role: 'primary', term: 2 })
    events.push({ event: 'exit', pid: backup.pid, code, signal })
  })
  let wasStopped = false
  const watch = setInterval(async () => {
    const isStopped = await isStoppedProcess(primary.pid as number)
    if (isStopped && !wasStopped) live()
    const code = options.exitCodeAfterPause ?? LOST_EXIT_CODE
    if (!isStopped && wasStopped) events.push({ event: 'exit', pid: primary.pid, code })
    wasStopped = isStopped
  }, POLL_MS)
  return {
    address: options.address, primary: { pid: primary.pid as number }, backup: { pid: backup.pid as number }, events,
    async stop() {
      clearInterval(watch)
      primary.kill('SIGKILL')
      backup.kill('SIGKILL')
      await options.stopServer()
    },
  }
}

const idleProcess = () => spawn('sleep', ['600'], { stdio: 'ignore' })

/** Linux only: the state field of /proc. */
async function isStoppedProcess(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return /\) T /.test(status)
}
