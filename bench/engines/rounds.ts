/** Interleaved rounds: in each, every contender has a turn, plain V8 among them, in an order that turns from round to round. */
import { loadKernel } from '../kernels/catalogue.ts'
import type { Kernel } from '../kernels/catalogue.ts'
import type { Contender, Runner } from './contender.ts'
import { sample, SMALL_REPEATS, warmUp } from './in-process.ts'
import type { Run } from './in-process.ts'
import { startPlain } from './our-engines.ts'

/** Milliseconds of one kernel, a sample a round. */
export interface KernelSamples {
  readonly plain: readonly PlainSample[]
  /** By contender; one that has no more turns has fewer samples. */
  readonly contenders: ReadonlyMap<string, readonly number[]>
  /** Why a contender did not run this kernel to its end. */
  readonly failures: ReadonlyMap<string, string>
}

export interface PlainSample {
  readonly large: number
  readonly small: number
}

type Turn = () => Promise<void>

/** @param isOurs a contender whose failure ends everything; another one's is noted */
export async function measureKernel(
  kernel: Kernel, contenders: readonly Contender[], rounds: number, isOurs: (contender: Contender) => boolean,
): Promise<KernelSamples> {
  const module = await loadKernel(kernel)
  const run = await startPlain(module)
  await warmUp('plain V8', kernel, kernel.large, run)
  const plain: PlainSample[] = []
  const samples = new Map<string, number[]>()
  const failures = new Map<string, string>()
  const guarded = (contender: Contender, action: Turn): Turn => async () => {
    if (failures.has(contender.name)) return
    try {
      await action()
    } catch (error) {
      if (isOurs(contender)) throw error
      failures.set(contender.name, (error as Error).message.split('\n')[0])
      samples.delete(contender.name)
    }
  }
  const turns: { readonly roundsMax: number, readonly take: Turn }[] = [
    { roundsMax: Infinity, take: async () => { plain.push(await plainSample(kernel, run)) } },
  ]
  for (const contender of contenders) {
    const refusal = contender.refusal(kernel)
    if (refusal !== undefined) failures.set(contender.name, refusal)
    let runner: Runner | undefined
    await guarded(contender, async () => {
      runner = await contender.open(module)
      await runner.warmUp(kernel)
      samples.set(contender.name, [])
    })()
    const take = guarded(contender, async () => { samples.get(contender.name)!.push(await runner!.measure(kernel)) })
    turns.push({ roundsMax: contender.roundsMax, take })
  }
  for (let round = 0; round < rounds; round++) {
    const first = round % turns.length
    for (const { roundsMax, take } of [...turns.slice(first), ...turns.slice(0, first)]) if (round < roundsMax) await take()
  }
  return { plain, contenders: samples, failures }
}

async function plainSample(kernel: Kernel, run: Run): Promise<PlainSample> {
  const large = await sample('plain V8', kernel, kernel.large, run)
  return { large, small: await sample('plain V8', kernel, kernel.small, run, SMALL_REPEATS) }
}
