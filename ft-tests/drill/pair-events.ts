/**
 * What the drill understands of `ft-run --json`: the names of events and fields, in this file only, and a
 * log of them that can be waited on.
 */
import type { Address } from './resp-client.ts'

/** One JSON line of the log; fields as the event has them. */
export type PairEvent = Readonly<Record<string, unknown>> & { readonly event: string }

export type TestAndSet = { readonly term: number; readonly holder: string; readonly won: boolean }

/** Exit code of a replica that lost the test-and-set. */
export const LOST_EXIT_CODE = 3

export const isLive = (event: PairEvent): boolean => event.event === 'live' && event.role === 'backup'
export const isAlone = (event: PairEvent): boolean => event.event === 'alone' && event.role === 'primary'
export const isChangeOfRoles = (event: PairEvent): boolean => isLive(event) || event.event === 'alone' || event.event === 'exit'
export const isDivergence = (event: PairEvent): boolean => event.event === 'divergence'
export const isExitOf = (pid: number) => (event: PairEvent): boolean => event.event === 'exit' && event.pid === pid

/** Process id of one side of a pair; NaN if there is none. */
export const pidOf = (side: unknown): number => Number((side as { pid?: number } | undefined)?.pid)
export const exitCodeOf = (event: PairEvent): unknown => event.code ?? event.signal
export const entriesReplayedOf = (event: PairEvent): number => Number(event.entriesReplayed)

/** What the arbiter answered, with the holder named by its role alone: process ids differ from round to round. */
export function testAndSetOf(event: PairEvent): TestAndSet | null {
  if (event.event !== 'test-and-set') return null
  return { term: Number(event.term), holder: String(event.holder).replace(/-\d+$/, ''), won: event.won === true }
}

export type Ready = { address: Address; primary: { pid: number }; backup: { pid: number } | undefined }

/** @throws Error if the line is no ready line */
export function parseReady(event: PairEvent): Ready {
  const address = /^(.+):(\d+)$/.exec(String(event.address))
  const isReady = event.event === 'ready' && pidOf(event.primary) > 1
  if (!isReady || address === null) throw new Error(`not a ready line: ${JSON.stringify(event)}`)
  const backup = pidOf(event.backup)
  return {
    address: { host: (address[1] as string).replace(/^\[|\]$/g, ''), port: Number(address[2]) },
    primary: { pid: pidOf(event.primary) },
    backup: backup > 1 ? { pid: backup } : undefined,
  }
}

export class PairEventLog {
  readonly seen: PairEvent[] = []
  readonly #waiting = new Set<() => void>()

  push(event: PairEvent): void {
    this.seen.push(event)
    for (const wake of [...this.#waiting]) wake()
  }

  /** The first event that fits, past or to come; null if none comes in time. */
  async find(fits: (event: PairEvent) => boolean, timeoutMs: number): Promise<PairEvent | null> {
    const { promise, resolve } = Promise.withResolvers<PairEvent | null>()
    const look = (): void => {
      const event = this.seen.find(fits)
      if (event !== undefined) resolve(event)
    }
    const timer = setTimeout(() => resolve(null), timeoutMs)
    this.#waiting.add(look)
    look()
    const found = await promise
    this.#waiting.delete(look)
    clearTimeout(timer)
    return found
  }
}
