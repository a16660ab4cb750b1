/** What a run showed, step by step: two engines agree if these are equal. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Engine, Stop } from '../../hypervisor/machine/engine.ts'

/** One line for each thing that can be seen: a stop with the state at it, or a host call. */
export type Outcome = string[]

export interface Difference {
  /** Which line differs first. */
  readonly at: number
  readonly expected: string
  readonly found: string
}

export function describeState(engine: Engine): string {
  const memory = engine.memory()
  const list = (words: Uint32Array): string => [...words].map(word => word.toString(16)).join(' ')
  const pages = `${memory.length / 65536} pages #${crc32(memory).toString(16)}`
  return `memory ${pages}, globals ${list(engine.globals())}, tables ${list(engine.tables())}`
}

export function describeStop(stop: Stop): string {
  if (stop.kind === 'trap') return `trap "${stop.message}"`
  return stop.kind === 'exit' ? `exit ${stop.code}` : stop.kind
}

export function firstDifference(expected: Outcome, found: Outcome): Difference | undefined {
  const length = Math.max(expected.length, found.length)
  for (let at = 0; at < length; at++) {
    if (expected[at] !== found[at]) return { at, expected: expected[at] ?? 'nothing', found: found[at] ?? 'nothing' }
  }
  return undefined
}

/** Short form of an outcome, to compare between processes. */
export const digest = (outcome: Outcome): string => createHash('sha1').update(outcome.join('\n')).digest('hex').slice(0, 16)
