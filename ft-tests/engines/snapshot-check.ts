/** Snapshots taken anywhere, continued in another process. The engine behind `npm run check:snapshots`. */
import { Rng } from '../sim/rng.ts'
import type { Elsewhere } from './elsewhere.ts'
import { expectedAfter, runTape, sightsDigest, stopAnywhere, type TapeRun } from './snapshot-points.ts'

export type SnapshotResult = {
  readonly guest: string
  readonly ticks: number
  readonly points: number
  /** A line for each point whose continuation differs from the uninterrupted run. */
  readonly wrong: readonly string[]
}

/** The engine that can be stopped in the middle of code. */
const ANYWHERE = 'interpreter'

/** Between two ticks there are seldom more instructions than this. */
const STEPS_MAX = 40
/** A guest of few ticks takes several runs to be stopped at many points. */
const PASSES_MAX = 100

/** On the interpreter, which can stop anywhere: snapshots at `count` random points (tick, step). */
export async function checkAnywhere(guest: string, count: number, seed: number, elsewhere: Elsewhere): Promise<SnapshotResult> {
  const whole = await runTape(guest, ANYWHERE)
  const rng = new Rng(seed)
  const wrong: string[] = []
  let points = 0
  for (let passes = 0; points < count && passes < PASSES_MAX; passes++) {
    const ticks = randomTicks(rng, whole.ticks, Math.min(count - points, Math.ceil(whole.ticks / 3)))
    const run = await stopAnywhere(guest, { ticks, further: () => (rng.chance(0.2) ? 0 : rng.integer(1, STEPS_MAX)) })
    wrong.push(...await continued(run, whole, ANYWHERE, elsewhere))
    points += run.points.length
  }
  return { guest, ticks: whole.ticks, points, wrong }
}

/** Ascending and distinct. */
function randomTicks(rng: Rng, end: number, count: number): number[] {
  const ticks = new Set<number>()
  while (ticks.size < count) ticks.add(rng.integer(1, end - 1))
  return [...ticks].sort((a, b) => a - b)
}

/** Between events: taken on one engine, continued on the other. */
export async function checkBoundaries(
  guest: string, from: string, to: string, seed: number, elsewhere: Elsewhere
): Promise<SnapshotResult> {
  const whole = await runTape(guest, to)
  const rng = new Rng(seed)
  const steps = new Set(whole.sights.flatMap((_, i) => (rng.chance(0.15) ? [i] : [])))
  const run = await runTape(guest, from, steps)
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
