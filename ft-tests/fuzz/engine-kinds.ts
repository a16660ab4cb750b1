import type { EngineState } from '../../hypervisor/machine/engine-state.ts'
import type { Engine, GuestEntry, Stop } from '../../hypervisor/machine/engine.ts'
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import { Rng } from '../sim/rng.ts'
import type { Contender } from './check-case.ts'
import type { MakeEngine } from './scenario.ts'

/** Engines that can be compared. */
export const ENGINES: Readonly<Record<string, Contender>> = {
  v8: { name: 'v8', make: createV8Engine, framesInSnapshots: false },
  interpreter: { name: 'interpreter', make: createInterpreter, framesInSnapshots: true },
}

const MOVE_CHANCE = 0.3

/**
 * An engine that now and then becomes another one, by snapshot and restore; nothing of that may show. `frames`: in the middle
 * of code too, else between events only. Each of `makes` takes its turn.
 */
export function moving(makes: readonly MakeEngine[], seed: number, frames: boolean): MakeEngine {
  return (bytes, calls, limits, onHalt) => {
    const make = (turn: number): Engine => makes[turn % makes.length](bytes, calls, limits, onHalt)
    return new MovingEngine(make, new Rng(seed), frames)
  }
}

class MovingEngine implements Engine {
  private readonly make: (turn: number) => Engine
  private readonly rng: Rng
  private readonly frames: boolean
  private turn = 0
  private engine: Engine

  constructor(make: (turn: number) => Engine, rng: Rng, frames: boolean) {
    this.make = make
    this.rng = rng
    this.frames = frames
    this.engine = make(0)
  }

  get ticks(): number {
    return this.engine.ticks
  }

  get nesting(): number {
    return this.engine.nesting
  }

  enter(entry: GuestEntry, argument: number): void {
    if (this.engine.nesting === 0) this.move()
    this.engine.enter(entry, argument)
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    this.engine.run(untilTick, stop => {
      if (stop.kind === 'tick' && this.frames) this.move()
      onStop(stop)
    })
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
    if (!this.rng.chance(MOVE_CHANCE)) return
    const next = this.make(++this.turn)
    next.restore(this.engine.snapshot())
    this.engine = next
  }
}
