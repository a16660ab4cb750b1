import { GuestExit } from '../../hypervisor/machine/engine.ts'
import type { Engine, HostCalls } from '../../hypervisor/machine/engine.ts'
import { Rng } from '../sim/rng.ts'
import { describeState } from './outcome.ts'
import type { Outcome } from './outcome.ts'

const FAULT = -1
const BYTES_MAX = 64
/** Every so many host calls the whole state is looked at from within. */
const LOOK_EVERY = 16

/**
 * The outside of a random guest: answers that follow from the seed, a trace of every call with the tick it came at, and
 * memory written by the host.
 */
export function fuzzHost(seed: number, outcome: Outcome, engine: () => Engine): HostCalls {
  const rng = new Rng(seed)
  let calls = 0
  const told = (name: string, args: readonly number[], answer: number): number => {
    const state = ++calls % LOOK_EVERY === 0 ? `, ${describeState(engine())}` : ''
    outcome.push(`${name}(${args.map(shown).join(', ')}) at tick ${engine().ticks} gives ${answer}${state}`)
    return answer
  }
  const fill = (name: string, args: readonly number[], pointer: number, length: number): number => {
    const memory = engine().memory()
    const count = Math.min(length >>> 0, BYTES_MAX)
    const at = pointer >>> 0
    if (at + count > memory.length) return told(name, args, FAULT)
    for (let i = 0; i < count; i++) memory[at + i] = rng.word()
    return told(name, args, count)
  }
  return {
    net_end: conn => told('net_end', [conn], rng.word() & 0xff),
    net_events: (pointer, max) => fill('net_events', [pointer, max], pointer, max & 3),
    net_recv: (conn, pointer, length) => fill('net_recv', [conn, pointer, length], pointer, length),
    timer_set: (timer, delay) => told('timer_set', [timer, delay], rng.integer(-2, 2)),
    timer_next: () => told('timer_next', [], rng.integer(-1, 63)),
    clock_wall: () => told('clock_wall', [], rng.word() * 1000),
    entropy: (pointer, length) => fill('entropy', [pointer, length], pointer, length),
    power_off: code => {
      told('power_off', [code], 0)
      throw new GuestExit(code)
    },
  }
}

/** A NaN's bits do not survive a JavaScript number everywhere; that it is one does. */
const shown = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))
