/** Snapshots taken anywhere, continued in another process. The engine behind `npm run check:snapshots`. */
import { Rng } from '../sim/rng.ts'
import type { Elsewhere } from './elsewhere.ts'
import { expectedAfter, runTape, sightsDigest, type TapeRun } from './snapshot-points.ts'

export type SnapshotResult = {
  readonly guest: string
  readonly ticks: number
  readonly points: number
  /** A line for each point whose continuation differs from the uninterrupted run. */
  readonly wrong: readonly string[]
}

/** The engine that can be stopped in the middle of code. */
const ANYWHERE = 'interpreter'

/** On the interpreter, which can stop anywhere: snapshots at `count` random ticks, in the middle of code. */
export async function checkAnywhere(guest: string, count: number, seed: number, elsewhere: Elsewhere): Promise<SnapshotResult> {
  const whole = await runTape(guest, ANYWHERE, [], new Set())
  const rng = new Rng(seed)
  const ticks = new Set<number>()
  for (let tries = 0; ticks.size < count && tries < count * 10; tries++) ticks.add(rng.integer(1, whole.ticks - 1))
  const run = await runTape(guest, ANYWHERE, [...ticks].sort((a, b) => a - b), new Set())
  return { guest, ticks: whole.ticks, points: run.points.length, wrong: await continued(run, whole, ANYWHERE, elsewhere) }
}

/** Between events: taken on one engine, continued on the other. */
export async function checkBoundaries(
  guest: string, from: string, to: string, seed: number, elsewhere: Elsewhere
): Promise<SnapshotResult> {
  const whole = await runTape(guest, to, [], new Set())
  const rng = new Rng(seed)
  const steps = new Set(whole.sights.flatMap((_, i) => (rng.chance(0.15) ? [i] : [])))
  const run = await runTape(guest, from, [], steps)
  return { guest, ticks: whole.ticks, points: run.points.length, wrong: await continued(run, whole, to, elsewhere) }
}

async function continued(run: TapeRun, whole: TapeRun, engine: string, elsewhere: Elsewhere): Promise<string[]> {
  const wrong: string[] = []
  if (sightsDigest(run.sights) !== sightsDigest(whole.sights)) wrong.push('the run that snapshots were taken of differs')
  for (const point of run.points) {
    const found = await elsewhere.continueFrom(point, engine)
    if (found === sightsDigest(expectedAfter(point, whole.sights))) continue
    const why = found.startsWith('failed') ? found : 'other sights than the uninterrupted run'
    wrong.push(`tick ${point.tick}, step ${point.step} of the tape: ${why}`)
  }
  return wrong
}
