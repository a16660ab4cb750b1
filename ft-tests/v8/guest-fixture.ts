import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import type { V8Engine } from '../../hypervisor/v8/engine.ts'
import type { Engine, GuestEntry, HostCalls, Stop } from '../../hypervisor/machine/engine.ts'
import { assembleGuest } from '../wasm/assemble.ts'
import type { GuestText } from '../wasm/assemble.ts'

/** A tick that no test's guest reaches. */
export const FAR = 2 ** 52

export interface Fixture {
  readonly engine: V8Engine
  /** What `onHalt` was given. */
  readonly halts: unknown[]
  run(untilTick?: number): Promise<Stop>
  call(argument: number, untilTick?: number, entry?: GuestEntry): Promise<Stop>
}

export interface FixtureOptions {
  readonly calls?: HostCalls
  readonly memoryPagesMax?: number
}

/** A V8 engine for a guest in text form, with promises for its stops. A halt rejects the run. */
export function fixture(guest: GuestText | Uint8Array, { calls = {}, memoryPagesMax = 256 }: FixtureOptions = {}): Fixture {
  const bytes = guest instanceof Uint8Array ? guest : assembleGuest(guest)
  const halts: unknown[] = []
  let reject: (error: unknown) => void = () => undefined
  const engine = createV8Engine(bytes, calls, { memoryPagesMax }, error => {
    halts.push(error)
    reject(error)
  })
  const run = (untilTick = FAR): Promise<Stop> => new Promise((resolve, refuse) => {
    reject = refuse
    engine.run(untilTick, resolve)
  })
  const call = (argument: number, untilTick = FAR, entry: GuestEntry = 'ft_interrupt'): Promise<Stop> => {
    engine.enter(entry, argument)
    return run(untilTick)
  }
  return { engine, halts, run, call }
}

/** The 32-bit word at `address`. */
export function word(engine: Engine, address: number): number {
  const memory = engine.memory()
  return new DataView(memory.buffer, memory.byteOffset).getUint32(address, true)
}
