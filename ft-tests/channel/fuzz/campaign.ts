/** Damaged streams into every decoder: whatever comes, it decodes or refuses; it never crashes, hangs or takes memory that nobody sent. */
import { Rng } from '../../sim/rng.ts'
import { mutate, pieces } from './mutate.ts'
import type { FuzzTarget } from './target.ts'

export type TargetCount = {
  readonly name: string
  executions: number
  /** Streams that were decoded to their end. */
  accepted: number
  messages: number
  readonly refusals: Record<string, number>
  /** What must not happen, with the seed that shows it. */
  readonly crashes: { readonly seed: number; readonly error: string }[]
}

/** Runs `executions` seeds from `fromSeed` on against one target. */
export function attack(target: FuzzTarget, fromSeed: number, executions: number): TargetCount {
  const count: TargetCount = { name: target.name, executions: 0, accepted: 0, messages: 0, refusals: {}, crashes: [] }
  for (let seed = fromSeed; seed < fromSeed + executions; seed++) {
    count.executions++
    try {
      const { messages, refused } = target.feed(damaged(target, seed))
      count.messages += messages
      if (refused === undefined) count.accepted++
      else count.refusals[refused] = (count.refusals[refused] ?? 0) + 1
    } catch (error) {
      count.crashes.push({ seed, error: String((error as Error).stack ?? error) })
    }
  }
  return count
}

function damaged(target: FuzzTarget, seed: number): Uint8Array[] {
  const rng = new Rng(seed)
  const stream = mutate(rng, rng.pick(target.corpus), rng.pick(target.corpus))
  return pieces(rng, target.reseal === undefined ? stream : target.reseal(stream))
}
