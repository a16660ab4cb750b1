/** Stops at random ticks: are they exact, and does nothing come of them? The engine behind `npm run check:stops`. */
import type { Engine } from '../../hypervisor/machine/engine.ts'
import { analyseCalls } from '../../hypervisor/wasm/call-graph.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { Rng } from '../sim/rng.ts'
import type { EngineMaker } from './engine-makers.ts'
import { runKernel, stateBesideHandler, stateOf } from './subjects.ts'
import type { Ending, StopPlan, Subject } from './subjects.ts'
import { handlerTicks } from './with-handler.ts'

export interface StopResult {
  readonly subject: string
  readonly ticks: number
  readonly targets: number
  /** Ticks stopped at that were not asked for, and endings that differ, in a line each. */
  readonly wrong: readonly string[]
  /** State at some of the stops, for comparison with other engines. */
  readonly seen: readonly string[]
}

/** States that are looked at in a run: a look at 16 MiB takes milliseconds. */
const LOOKS = 12

/** Stops a subject at `targets` random ticks. */
export async function checkStops(subject: Subject, maker: EngineMaker, targets: number, seed: number): Promise<StopResult> {
  const plain = await subject.run(maker)
  const plan = new RandomStops(randomTicks(new Rng(seed), plain.ticks, targets))
  const stopped = await subject.run(maker, plan)
  const wrong = [...plan.wrong, ...differs(plain, stopped)]
  const seen = [...plan.seen, `ends ${JSON.stringify(plain)}`]
  return { subject: subject.name, ticks: plain.ticks, targets: plan.stops, wrong, seen }
}

/** Interrupts a kernel at `interrupts` random ticks; its handler only counts. */
export async function checkInterrupts(
  { name, bytes, size }: { name: string, bytes: Uint8Array, size: number }, maker: EngineMaker, interrupts: number, seed: number,
): Promise<StopResult> {
  const rng = new Rng(seed)
  const plain = await runKernel(maker, bytes, size, undefined, stateBesideHandler)
  const plan = new Interrupts(randomTicks(rng.fork(), plain.ticks, interrupts), rng, entryTicks(bytes))
  const interrupted = await runKernel(maker, bytes, size, plan, stateBesideHandler)
  const own = { ticks: interrupted.ticks - plan.handledTicks, hash: interrupted.hash }
  return { subject: name, ticks: plain.ticks, targets: plan.delivered, wrong: differs(plain, own), seen: [] }
}

/** 1 if `ft_interrupt` itself ticks, as recursive functions do. */
function entryTicks(bytes: Uint8Array): number {
  const module = decodeModule(bytes)
  const entry = module.exports.find(({ name }) => name === 'ft_interrupt')
  return entry === undefined ? 0 : analyseCalls(module).recursive[entry.index]
}

function differs(plain: Ending, other: Ending): string[] {
  if (plain.ticks === other.ticks && plain.hash === other.hash) return []
  return [`ends ${JSON.stringify(other)}, uninterrupted ${JSON.stringify(plain)}`]
}

/** Ascending and distinct; some next to each other. */
function randomTicks(rng: Rng, ticks: number, count: number): number[] {
  const chosen = new Set<number>()
  const wanted = Math.min(count, ticks - 1)
  while (chosen.size < wanted) {
    const tick = rng.integer(1, ticks - 1)
    chosen.add(tick)
    if (rng.chance(0.2) && chosen.size < wanted) chosen.add(Math.min(tick + rng.integer(1, 3), ticks - 1))
  }
  return [...chosen].sort((a, b) => a - b)
}

class RandomStops implements StopPlan {
  readonly wrong: string[] = []
  readonly seen: string[] = []
  stops = 0
  private readonly targets: readonly number[]
  private readonly lookEvery: number

  constructor(targets: readonly number[]) {
    this.targets = targets
    this.lookEvery = Math.max(1, Math.ceil(targets.length / LOOKS))
  }

  next(): number {
    return this.targets[this.stops] ?? Infinity
  }

  at(engine: Engine): void {
    const target = this.targets[this.stops]
    if (engine.ticks !== target) this.wrong.push(`stopped at tick ${engine.ticks}, asked for ${target}`)
    if (this.stops++ % this.lookEvery === 0) this.seen.push(`tick ${engine.ticks}: ${stateOf(engine).toString(16)}`)
  }
}

/** Stops at ticks of the program's own, and has its handler called there. */
class Interrupts implements StopPlan {
  delivered = 0
  handledTicks = 0
  private readonly targets: readonly number[]
  private readonly rng: Rng
  private readonly entryTicks: number

  constructor(targets: readonly number[], rng: Rng, entryTicks: number) {
    this.targets = targets
    this.rng = rng
    this.entryTicks = entryTicks
  }

  next(): number {
    return (this.targets[this.delivered] ?? Infinity) + this.handledTicks
  }

  at(engine: Engine): void {
    const causes = -this.rng.integer(1, 1_000_000)
    engine.enter('ft_interrupt', causes)
    this.delivered++
    this.handledTicks += handlerTicks(causes) + this.entryTicks
  }
}
