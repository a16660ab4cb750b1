/** The interpreter driven by its debugger: what is stepped must show the same as what runs. */
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import { InterpreterEngine } from '../../hypervisor/interpreter/engine.ts'
import type { DebugStop } from '../../hypervisor/interpreter/debugger.ts'
import type { Engine, Stop } from '../../hypervisor/machine/engine.ts'
import type { EngineMaker } from './engine-makers.ts'

const SLICE_STEPS = 1000

/** An interpreter that goes by steps only, so that its debugging loop runs all of the guest's code. */
export const steppedInterpreter: EngineMaker = (...given) => {
  const engine = createInterpreter(...given)
  const run = (untilTick: number): Stop => {
    for (;;) {
      const stop = engine.debugger.runSteps(SLICE_STEPS, untilTick)
      if (stop.kind !== 'step') return plain(stop)
    }
  }
  return driven(engine, run, given[3])
}

/**
 * An interpreter that stops a little late: where it has come to the tick it should stop at, `steps` more are made, in front
 * of the next tick at most. It says that it stopped at the tick.
 */
export function latelyStopped(steps: (tick: number) => number): EngineMaker {
  return (...given) => {
    const engine = createInterpreter(...given)
    const run = (untilTick: number): Stop => {
      const stop = engine.debugger.runTo({ tick: untilTick, step: 0 })
      const count = steps(untilTick)
      if (stop.kind !== 'tick' || count === 0) return plain(stop)
      const further = engine.debugger.runSteps(count, untilTick + 1)
      return further.kind === 'step' ? { kind: 'tick' } : plain(further)
    }
    return driven(engine, run, given[3])
  }
}

/** Makes an interpreter go on by some steps, to the next tick at most. Gives undefined if it is then in the middle of code. */
export function stepOn(engine: Engine, steps: number): Stop | undefined {
  if (!(engine instanceof InterpreterEngine)) throw new Error('only the interpreter goes by steps')
  const stop = engine.debugger.runSteps(steps, engine.ticks + 1)
  return stop.kind === 'step' ? undefined : plain(stop)
}

function plain(stop: DebugStop): Stop {
  if (stop.kind === 'step' || stop.kind === 'breakpoint' || stop.kind === 'watch') throw new Error(`stopped by ${stop.kind}`)
  return stop
}

/** The engine with another way to run; a run asked for by `onStop` begins when that has returned. */
function driven(engine: InterpreterEngine, drive: (untilTick: number) => Stop, onHalt: (error: unknown) => void): Engine {
  let wanted: (() => void) | undefined
  let running = false
  const perform = (untilTick: number, onStop: (stop: Stop) => void): void => {
    let stop: Stop
    try {
      stop = drive(untilTick)
    } catch (error) {
      return onHalt(error)
    }
    onStop(stop)
  }
  engine.run = (untilTick, onStop) => {
    wanted = () => perform(untilTick, onStop)
    if (running) return
    running = true
    try {
      while (wanted !== undefined) {
        const next: () => void = wanted
        wanted = undefined
        next()
      }
    } finally {
      running = false
    }
  }
  return engine
}
