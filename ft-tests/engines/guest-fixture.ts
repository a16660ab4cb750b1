import test from 'ava'
import type { ExecutionContext } from 'ava'
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import type { InterpreterEngine } from '../../hypervisor/interpreter/engine.ts'
import type { Engine, EngineLimits, GuestEntry, HostCalls, Stop } from '../../hypervisor/machine/engine.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import type { V8Engine } from '../../hypervisor/v8/engine.ts'
import { assembleGuest } from '../wasm/assemble.ts'
import type { GuestText } from '../wasm/assemble.ts'

/** A tick that no test's guest reaches. */
export const FAR = 2 ** 52

export interface Fixture<Kind extends Engine = Engine> {
  readonly engine: Kind
  /** What `onHalt` was given. */
  readonly halts: unknown[]
  run(untilTick?: number): Promise<Stop>
  call(argument: number, untilTick?: number, entry?: GuestEntry): Promise<Stop>
}

export interface FixtureOptions {
  readonly calls?: HostCalls
  readonly memoryPagesMax?: number
}

/** An engine for a guest in text form, with promises for its stops. A halt rejects the run. */
export type MakeFixture<Kind extends Engine = Engine> = (guest: GuestText | Uint8Array, options?: FixtureOptions) => Fixture<Kind>

type CreateEngine<Kind extends Engine> =
  (bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void) => Kind

const fixtureOf = <Kind extends Engine>(create: CreateEngine<Kind>): MakeFixture<Kind> =>
  (guest, { calls = {}, memoryPagesMax = 256 } = {}) => {
    const bytes = guest instanceof Uint8Array ? guest : assembleGuest(guest)
    const halts: unknown[] = []
    let reject: (error: unknown) => void = () => undefined
    const engine = create(bytes, calls, { memoryPagesMax }, error => {
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

export const v8Fixture: MakeFixture<V8Engine> = fixtureOf(createV8Engine)
export const interpreterFixture: MakeFixture<InterpreterEngine> = fixtureOf(createInterpreter)

const FIXTURES: Readonly<Record<string, MakeFixture>> = { v8: v8Fixture, interpreter: interpreterFixture }

/** Registers a test once for every engine. */
export function engineTest(title: string, body: (t: ExecutionContext, fixture: MakeFixture) => Promise<void> | void): void {
  for (const [name, fixture] of Object.entries(FIXTURES)) test(`${name}: ${title}`, t => body(t, fixture))
}

/** The 32-bit word at `address`. */
export function word(engine: Engine, address: number): number {
  const memory = engine.memory()
  return new DataView(memory.buffer, memory.byteOffset).getUint32(address, true)
}
