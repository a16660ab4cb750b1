/** Connecting to a part of ft-run that may not be there yet, and saying why not. */
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { explainHandshake, openSocket } from './secure-tcp.ts'
import type { LinkKey } from './secure-tcp.ts'

/** How long one attempt to connect may take: packets to a dead host are answered by nobody. */
const ATTEMPT_TIMEOUT_MS = 2000
/** An attempt that takes longer is worth a word. */
const SLOW_MS = 500

export type DialOptions = {
  readonly host: string
  readonly port: number
  /** Gives up after this long. Default 10 000; 0: one attempt. */
  readonly timeoutMs?: number
  /** Pause between attempts. Default 50. */
  readonly retryMs?: number
  /** With a key the connection is encrypted and both sides prove that they hold it. */
  readonly key?: LinkKey | undefined
  /** Gives up at once, with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called at most once: nobody is there yet, for this reason, and the next attempts follow. */
  readonly onWaiting?: ((reason: string) => void) | undefined
}

/** Why there is no connection, in a few words. */
export class DialError extends Error {
  /** Somebody is there, but no peer of ours: waiting would not help. */
  readonly isStranger: boolean

  constructor(reason: string, isStranger: boolean, cause: Error) {
    super(reason, { cause })
    this.isStranger = isStranger
  }
}

/** Connects, trying again until the peer listens. @throws DialError once the time is over, or if a stranger answers */
export async function dial({ timeoutMs = 10_000, retryMs = 50, onWaiting = () => {}, ...options }: DialOptions): Promise<Socket> {
  const { signal } = options
  const deadline = performance.now() + timeoutMs
  let told = false
  const tell = (reason: string): void => {
    if (!told) onWaiting(reason)
    told = true
  }
  const slow = setTimeout(() => tell('no answer yet'), SLOW_MS)
  try {
    for (;;) {
      signal?.throwIfAborted()
      const leftMs = timeoutMs === 0 ? ATTEMPT_TIMEOUT_MS : Math.max(deadline - performance.now(), 1)
      const outcome = await attempt(options, Math.min(leftMs, ATTEMPT_TIMEOUT_MS))
      if (!(outcome instanceof Error)) return outcome
      signal?.throwIfAborted()
      const stranger = explainHandshake(outcome)
      if (stranger !== undefined) throw new DialError(stranger, true, outcome)
      if (performance.now() + retryMs >= deadline) throw new DialError(reasonOf(outcome), false, outcome)
      tell(reasonOf(outcome))
      await delay(retryMs, undefined, signal === undefined ? {} : { signal })
    }
  } finally {
    clearTimeout(slow)
  }
}

function attempt({ host, port, key, signal }: DialOptions, timeoutMs: number): Promise<Socket | Error> {
  return new Promise(resolve => {
    const socket = openSocket({ host, port }, key, () => finish(socket))
    const finish = (outcome: Socket | Error): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('error', finish)
      resolve(outcome)
    }
    const giveUp = (reason: Error): void => {
      socket.on('error', () => {})
      socket.destroy()
      finish(reason)
    }
    const timer = setTimeout(() => giveUp(new Error(`no answer within ${Math.round(timeoutMs)} ms`)), timeoutMs)
    const onAbort = (): void => giveUp(new Error('aborted'))
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('error', finish)
  })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is already in use, choose another',
  EACCES: 'not permitted, choose a port above 1023',
  EADDRNOTAVAIL: 'this host has no such address',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EHOSTUNREACH: 'the host can not be reached',
  ENETUNREACH: 'the network can not be reached'
}

/** A socket's error in words. */
export function reasonOf(error: Error): string {
  return reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message
}
