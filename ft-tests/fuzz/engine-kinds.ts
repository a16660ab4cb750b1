import type { EngineState } from '../../hypervisor/machine/engine-state.ts'
import type { Engine, GuestEntry, Stop } from '../../hypervisor/machine/engine.ts'
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import { stepOn, steppedInterpreter } from '../engines/stepping.ts'
import { Rng } from '../sim/rng.ts'
import type { Contender } from './contender.ts'
import type { MakeEngine } from './scenario.ts'

/** Engines that can be compared. */
export const ENGINES: Readonly<Record<string, Contender>> = {
  v8: { name: 'v8', make: createV8Engine, anywhere: false },
  interpreter: { name: 'interpreter', make: createInterpreter, anywhere: true, otherwise: { stepped: steppedInterpreter } },
}

const MOVE_CHANCE = 0.3
const STEPS_MAX = 30

/**
 * An engine that now and then becomes another one, by snapshot and restore; nothing of that may show. `anywhere`: in the middle
 * of code, between two ticks, else between events only. Each of `makes` takes its turn.
 */
export function moving(makes: readonly MakeEngine[], seed: number, anywhere: boolean): MakeEngine {
  return (bytes, calls, limits, onHalt) => {
    const make = (turn: number): Engine => makes[turn % makes.length](bytes, calls, limits, onHalt)
    return new MovingEngine(make, new Rng(seed), anywhere)
  }
}

class MovingEngine implements Engine {
  private readonly make: (turn: number) => Engine
  private readonly rng: Rng
  private readonly anywhere: boolean
  private turn = 0
  private engine: Engine

  constructor(make: (turn: number) => Engine, rng: Rng, anywhere: boolean) {
    this.make = make
    this.rng = rng
    this.anywhere = anywhere
    this.engine = make(0)
  }

  get ticks(): number {
    return this.engine.ticks
  }

  get nesting(): number {
    return this.engine.nesting
  }

  enter(entry: GuestEntry, argument: number): void {
    if (this.engine.nesting === 0 && this.rng.chance(MOVE_CHANCE)) this.move()
    this.engine.enter(entry, argument)
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    const ended = this.anywhere && this.engine.nesting > 0 && this.rng.chance(MOVE_CHANCE) ? this.stepAndMove() : undefined
    if (ended === undefined || (ended.kind === 'tick' && this.engine.ticks < untilTick)) this.engine.run(untilTick, onStop)
    else onStop(ended)
  }

  memory(): Uint8Array {
    return this.engine.memory()
  }

  globals(): Uint32Array {
    return this.engine.globals()
  }

  tables(): Uint32Array {
    return this.engine.tables()
  }

  snapshot(room?: Uint8Array): EngineState {
    return this.engine.snapshot(room)
  }

  restoreRoom(bytes: number): Uint8Array {
    return this.engine.restoreRoom(bytes)
  }

  restore(state: EngineState): void {
    this.engine.restore(state)
  }

  private move(): void {
    const next = this.make(++this.turn)
    next.restore(this.engine.snapshot())
    this.engine = next
  }

  /** Goes on by some instructions before it moves. Gives how that stopped it, if it is not in the middle of code. */
  private stepAndMove(): Stop | undefined {
    const stop = stepOn(this.engine, this.rng.integer(1, STEPS_MAX))
    if (stop === undefined || stop.kind === 'tick') this.move()
    return stop
  }
}
