/** A running pair, and how to start one: `ft-run --json` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseReady, PairEventLog, type PairEvent } from './pair-events.ts'
import type { Address } from './resp-client.ts'

export type PairHandle = {
  readonly address: Address
  readonly primary: { readonly pid: number }
  readonly backup: { readonly pid: number }
  readonly events: PairEventLog
  /** Ends all of the pair's processes; resolves when they are gone. */
  stop(): Promise<void>
}

export type StartPair = () => Promise<PairHandle>

const START_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
const STDERR_KEPT = 4000

/** As a pair, but perhaps without a backup. */
export type ServiceHandle = Omit<PairHandle, 'backup'> & { readonly backup: { readonly pid: number } | undefined }

/**
 * Starts ft-run with `command` (program and arguments, `--json` among them) and waits until it is ready.
 * @throws Error with what it wrote, if it ends or stays silent instead
 */
export async function startService(command: readonly string[]): Promise<ServiceHandle> {
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)))
  const events = new PairEventLog()
  createInterface({ input: child.stdout }).on('line', (line) => events.push(parseLine(line)))
  const ended = new Promise<null>((resolve) => child.once('close', () => resolve(null)))
  child.once('error', (error) => (stderr += error.message))
  const ready = await Promise.race([events.find((event) => event.event === 'ready', START_MS_MAX), ended])
  if (ready === null) {
    await stopProcess(child, [])
    throw new Error(`the service did not get ready: ${stderr.trim() || command.join(' ')}`)
  }
  const { address, primary, backup } = parseReady(ready)
  let stopped: Promise<void> | undefined
  const replicas = [primary.pid, ...(backup === undefined ? [] : [backup.pid])]
  return { address, primary, backup, events, stop: () => (stopped ??= stopProcess(child, replicas)) }
}

/** Starts pairs with `command`. @throws as `startService`, and if there is no backup */
export function pairStarter(command: readonly string[]): StartPair {
  return async () => {
    const service = await startService(command)
    const { backup } = service
    if (backup !== undefined) return { ...service, backup }
    await service.stop()
    throw new Error('the service has no backup: nothing to drill')
  }
}

function parseLine(line: string): PairEvent {
  try {
    return JSON.parse(line) as PairEvent
  } catch {
    return { event: 'unreadable', line }
  }
}

/** Asks once; what is still there after that is killed, with the replicas that would be left behind. */
async function stopProcess(child: ChildProcess, replicas: readonly number[]): Promise<void> {
  if (child.pid === undefined || child.stdout?.closed === true) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const impatience = setTimeout(() => {
    child.kill('SIGKILL')
    for (const pid of replicas) signalIfAlive(pid, 'SIGKILL')
  }, STOP_MS_MAX)
  await ended
  clearTimeout(impatience)
}

/** False if there is no such process any more. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
