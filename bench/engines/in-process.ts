/** Contenders that live in this process: a kernel's module goes in, a function that does some work comes out. */
import type { Kernel, Work } from '../kernels/catalogue.ts'
import { check, processorMs } from './contender.ts'
import type { Contender, Runner } from './contender.ts'

/** One run of `ft_interrupt(size)` or `run(size)`: its checksum, and its processor time in milliseconds. */
export type Run = (size: number) => Promise<RunResult> | RunResult
export type RunResult = { readonly ms: number; readonly checksum: number }

/** A sample is the fastest of these runs: what disturbs a run makes it slower, never faster. */
const RUNS_OF_SAMPLE = 3
/** Plain V8's share of a small work is repeated, so that a sample is long enough for the clock. */
export const SMALL_REPEATS = 8

const WARM_RUNS = { min: 6, max: 60, steady: 4 }
const WARM_MS_MAX = 2500

type InProcess = Pick<Contender, 'name' | 'description' | 'version'> & {
  readonly span: 'large' | 'small'
  readonly simd?: boolean
  start(module: Uint8Array<ArrayBuffer>): Promise<Run>
}

export function inProcess({ name, description, version, span, simd = true, start }: InProcess): Contender {
  return {
    name, description, version, span, roundsMax: Infinity,
    refusal: (kernel) => (kernel.simd && !simd ? 'no SIMD' : undefined),
    open: async (module) => runner(name, span, await start(module)),
  }
}

function runner(name: string, span: 'large' | 'small', run: Run): Runner {
  return {
    measure: (kernel) => sample(name, kernel, kernel[span], run),
    warmUp: (kernel) => warmUp(name, kernel, kernel[span], run),
  }
}

/** The fastest of a few runs, in milliseconds a run. */
export async function sample(name: string, kernel: Kernel, work: Work, run: Run, repeats = 1): Promise<number> {
  let best = Infinity
  for (let i = 0; i < RUNS_OF_SAMPLE; i++) {
    let total = 0
    for (let repeat = 0; repeat < repeats; repeat++) {
      const { ms, checksum } = await run(work.size)
      check(name, kernel, work, checksum)
      total += ms
    }
    best = Math.min(best, total / repeats)
  }
  return best
}

/** Runs until a few runs in a row have been no faster than the best before (compilers work beside the program). */
export async function warmUp(name: string, kernel: Kernel, work: Work, run: Run): Promise<void> {
  const started = processorMs()
  let best = Infinity
  let steady = 0
  for (let i = 0; i < WARM_RUNS.max; i++) {
    const { ms, checksum } = await run(work.size)
    check(name, kernel, work, checksum)
    steady = ms < best * 0.97 ? 0 : steady + 1
    best = Math.min(best, ms)
    // A turn of the event loop, where V8 takes over what its compiler has finished.
    await new Promise((resolve) => { setImmediate(resolve) })
    if (i >= WARM_RUNS.min && steady >= WARM_RUNS.steady) return
    if (processorMs() - started > WARM_MS_MAX) return
  }
}

/** Times a call that is over when it returns. */
export function timed(call: () => number): RunResult {
  const started = processorMs()
  const checksum = call()
  return { ms: processorMs() - started, checksum }
}
