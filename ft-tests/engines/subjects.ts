/** Programs that end, with a state that an uninterrupted run leaves behind: what stops on the way must not change. */
import { crc32 } from 'node:zlib'
import { kernels, KERNEL_PAGES_MAX, loadKernel } from '../../bench/kernels/catalogue.ts'
import type { Engine, Stop } from '../../hypervisor/machine/engine.ts'
import { StateHasher } from '../../hypervisor/machine/state-hash.ts'
import type { EngineMaker } from './engine-makers.ts'
import { guestTapes } from './guest-tapes.ts'
import { TapeMachine } from './tape-machine.ts'
import { withHandler } from './with-handler.ts'

/** Where a run is stopped, and what is done there. Called with ascending ticks. */
export interface StopPlan {
  /** The next tick to stop at; Infinity for none. */
  next(ticks: number): number
  at(engine: Engine): void
}

export interface Ending {
  readonly ticks: number
  readonly hash: number
}

export interface Subject {
  readonly name: string
  /** Runs it from the start to its end. */
  run(maker: EngineMaker, plan?: StopPlan): Promise<Ending>
}

/** A tick that no subject reaches. */
const FAR = 2 ** 52

/** Hash of everything an engine shows, ticks aside. */
export const stateOf = (engine: Engine): number => hashed(engine, engine.globals())

/** The same but for what a handler added by `withHandler` counts. */
export const stateBesideHandler = (engine: Engine): number => hashed(engine, engine.globals().slice(0, -1))

function hashed(engine: Engine, globals: Uint32Array): number {
  const hasher = new StateHasher()
  hasher.word(crc32(engine.memory()))
  hasher.words(globals)
  hasher.words(engine.tables())
  return hasher.digest()
}

/** Every kernel and every guest of the project. */
export async function allSubjects(): Promise<Subject[]> {
  const programs = await Promise.all(kernels().map(async (kernel) => {
    const bytes = await loadKernel(kernel)
    return { name: kernel.name, run: (maker: EngineMaker, plan?: StopPlan) => runKernel(maker, bytes, kernel.small.size, plan) }
  }))
  const guest = (name: string): Subject => ({ name, run: (maker, plan) => runGuest(name, maker, plan) })
  return [...Object.keys(guestTapes).map(guest), ...programs]
}

/** Kernels whose `ft_interrupt` also takes interrupts (see `withHandler`): their run can be interrupted and goes on. */
export async function interruptible(): Promise<{ name: string, bytes: Uint8Array, size: number }[]> {
  return Promise.all(kernels().map(async (kernel) => (
    { name: kernel.name, bytes: withHandler(await loadKernel(kernel)), size: kernel.small.size }
  )))
}

export async function runKernel(
  maker: EngineMaker, bytes: Uint8Array, size: number, plan?: StopPlan, state = stateOf,
): Promise<Ending> {
  let halted: (error: unknown) => void = () => undefined
  const engine = maker(bytes, {}, { memoryPagesMax: KERNEL_PAGES_MAX }, (error) => halted(error))
  const runUntil = (tick: number): Promise<Stop> => new Promise((resolve, reject) => {
    halted = reject
    engine.run(tick, resolve)
  })
  for (const [entry, argument] of [['ft_start', 0], ['ft_interrupt', size]] as const) {
    engine.enter(entry, argument)
    for (;;) {
      const stop = await runUntil(Math.min(plan?.next(engine.ticks) ?? FAR, FAR))
      if (stop.kind === 'idle') break
      if (stop.kind !== 'tick') throw new Error(`the kernel ended: ${stop.kind}`)
      plan?.at(engine)
    }
  }
  return { ticks: engine.ticks, hash: state(engine) }
}

const TAPE_SEED = 11

async function runGuest(name: string, maker: EngineMaker, plan?: StopPlan): Promise<Ending> {
  const { guest, steps } = guestTapes[name](TAPE_SEED)
  const stops = plan && { next: (ticks: number) => plan.next(ticks), at: ({ engine }: { engine: Engine }) => plan.at(engine) }
  const tape = new TapeMachine(guest, maker, undefined, stops)
  const hasher = new StateHasher()
  const see = ({ hash, outputs }: { hash: number, outputs: readonly string[] }): void => {
    hasher.word(hash)
    hasher.bytes(new TextEncoder().encode(outputs.join('\n')))
  }
  see(await tape.boot())
  for (const step of steps) see(await tape.step(step))
  return { ticks: tape.machine.ticks, hash: hasher.digest() }
}
