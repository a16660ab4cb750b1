import { EngineHalt, GuestExit } from '../machine/engine.ts'
import type { CodePlace, Engine, EngineLimits, GuestEntry, HostCalls, Stop } from '../machine/engine.ts'
import type { EngineState } from '../machine/engine-state.ts'
import { checkMemory, checkState } from '../machine/check-state.ts'
import { stateShape } from '../machine/state-shape.ts'
import type { StateShape } from '../machine/state-shape.ts'
import { admitGuest } from '../wasm/admit.ts'
import { functionType } from '../wasm/module.ts'
import type { WasmModule } from '../wasm/module.ts'
import { F64 } from '../wasm/types.ts'
import type { FuncType } from '../wasm/types.ts'
import { checkLimits } from './check-limits.ts'
import { HEADER } from './core/header.ts'
import { Debugger, placeOf } from './debugger.ts'
import type { DebugStop } from './debugger.ts'
import { putFrames, takeFrames } from './frames.ts'
import { Core, OutOfMemory } from './runtime/core.ts'
import { Instance } from './runtime/instance.ts'
import type { Import } from './runtime/instance.ts'
import { memoryView } from './runtime/memories.ts'
import { Processor } from './runtime/processor.ts'
import type { Outcome } from './runtime/processor.ts'
import { initialise } from './runtime/segments.ts'
import { Store } from './runtime/store.ts'
import type { HostFunction } from './runtime/store.ts'
import { GuestState } from './state.ts'

export type CreateInterpreter =
  (bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt?: (error: unknown) => void) => InterpreterEngine

/**
 * Makes `createInterpreter` for a compiled core (`host/interpreter/load.ts` has both). Like `createV8Engine`, it throws
 * `WasmError` for a module that is malformed, invalid, not of ABI `ft` or beyond the limits; `onHalt` takes what must stop
 * the replica while guest code runs, by default by throwing it out of `run`.
 */
export function interpreterFor(core: WebAssembly.Module): CreateInterpreter {
  return (bytes, calls, limits, onHalt = error => { throw error }) => new InterpreterEngine(core, bytes, calls, limits, onHalt)
}

type State = 'idle' | 'entered' | 'stopped' | 'running' | 'dead'

interface Wanted {
  readonly untilTick: number
  readonly onStop: (stop: Stop) => void
}

/** Runs a guest on the interpreter. */
export class InterpreterEngine implements Engine {
  private readonly onHalt: (error: unknown) => void
  private readonly instance: Instance
  /** The execution core and its stacks, for debuggers and tools. */
  readonly processor: Processor
  private readonly shape: StateShape
  private readonly guest: GuestState
  private state: State = 'idle'
  private trapped: CodePlace | undefined = undefined
  private view: Uint8Array = new Uint8Array(0)
  /** The run asked for and not yet begun, and whether one is under way further down the JavaScript stack. */
  private wanted: Wanted | undefined
  private isRunning = false
  private debugging: Debugger | undefined

  constructor(
    core: WebAssembly.Module, bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void,
  ) {
    const { module, facts } = admitGuest(bytes)
    checkLimits(module, limits.memoryPagesMax)
    this.onHalt = onHalt
    const store = new Store(new Core(core))
    this.processor = new Processor(store)
    this.instance = new Instance(store, module, facts, bindHostCalls(store, module, calls), limits)
    initialise(this.instance)
    this.shape = stateShape(module, facts, limits.memoryPagesMax)
    this.guest = new GuestState(this.instance, this.shape)
  }

  get ticks(): number {
    return this.processor.ticks
  }

  get nesting(): number {
    return this.processor.nesting
  }

  get trapPlace(): CodePlace | undefined {
    return this.trapped
  }

  /** Single steps, breakpoints, watched memory and the call stack. */
  get debugger(): Debugger {
    this.debugging ??= new Debugger({ processor: this.processor, instance: this.instance, drive: run => this.debug(run) })
    return this.debugging
  }

  enter(entry: GuestEntry, argument: number): void {
    const { state, processor, instance } = this
    if (state !== 'idle' && state !== 'stopped') throw new Error(`enter(${entry}) while the engine is ${state}`)
    this.state = 'entered'
    const { code, module, memory } = instance
    const exported = module.exports.find(({ kind, name }) => kind === 'function' && name === entry)
    const address = entry === 'ft_start' ? code.boot : code.entries.get(exported?.index ?? -1)
    if (address === undefined) throw new Error(`a guest without ${entry}`)
    processor.enter(address, memory)
    if (entry === 'ft_interrupt') processor.core.view.setBigUint64(processor.entryFrame, BigInt(argument >>> 0), true)
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    const { state } = this
    if (state !== 'entered' && state !== 'stopped') throw new Error(`run while the engine is ${state}`)
    if (!(untilTick > this.ticks)) throw new Error(`run until tick ${untilTick} at tick ${this.ticks}`)
    this.state = 'running'
    this.wanted = { untilTick, onStop }
    // A run asked for by `onStop` begins when that has returned, so that the JavaScript stack does not grow.
    if (this.isRunning) return
    this.isRunning = true
    try {
      for (let wanted = this.take(); wanted !== undefined; wanted = this.take()) this.perform(wanted)
    } finally {
      this.isRunning = false
    }
  }

  memory(): Uint8Array {
    const { processor: { core }, instance } = this
    const now = memoryView(core, instance.memory)
    const same = now.buffer === this.view.buffer && now.byteOffset === this.view.byteOffset && now.length === this.view.length
    if (!same) this.view = now
    return this.view
  }

  globals(): Uint32Array {
    return this.guest.globals()
  }

  tables(): Uint32Array {
    return this.guest.changeableTables()
  }

  snapshot(room?: Uint8Array): EngineState {
    if (this.state === 'running' || this.state === 'dead') throw new Error(`snapshot while the engine is ${this.state}`)
    const state = this.guest.take(this.ticks, room)
    return this.nesting === 0 ? state : { ...state, frames: takeFrames(this.processor, this.instance) }
  }

  restoreRoom(bytes: number): Uint8Array {
    checkMemory(bytes, this.shape)
    return new Uint8Array(bytes)
  }

  restore(state: EngineState): void {
    if (this.state !== 'idle' && this.state !== 'dead') throw new Error(`restore while the engine is ${this.state}`)
    const { frames, ...rest } = state
    checkState(rest, this.shape, table => this.guest.table(table))
    if (frames !== undefined) putFrames(this.processor, this.instance, frames)
    this.guest.put(rest)
    this.processor.ticks = state.ticks
    this.state = frames === undefined ? 'idle' : 'stopped'
  }

  private take(): Wanted | undefined {
    const { wanted } = this
    this.wanted = undefined
    return wanted
  }

  private perform({ untilTick, onStop }: Wanted): void {
    let stop: DebugStop
    try {
      stop = this.drive(() => this.processor.run(untilTick))
    } catch (error) {
      return this.onHalt(error)
    }
    onStop(stop as Stop)
  }

  private debug(run: () => Outcome): DebugStop {
    if (this.state !== 'entered' && this.state !== 'stopped') throw new Error(`run while the engine is ${this.state}`)
    this.state = 'running'
    return this.drive(run)
  }

  private drive(run: () => Outcome): DebugStop {
    try {
      const stop = this.stopOf(run())
      this.state = stop.kind === 'idle' ? 'idle' : stop.kind === 'trap' ? 'dead' : 'stopped'
      return stop
    } catch (error) {
      this.processor.abandon()
      this.state = 'dead'
      if (error instanceof GuestExit) return { kind: 'exit', code: error.code }
      throw error instanceof OutOfMemory ? new EngineHalt('the host could not supply memory that the guest may have', error) : error
    }
  }

  private stopOf(outcome: Outcome): DebugStop {
    const { core } = this.processor
    switch (outcome.kind) {
      case 'stepped': return { kind: 'step' }
      case 'watch': return { kind: 'watch', address: core.u32(HEADER.watchMet) }
      case 'trap':
        this.trapped = placeOf(this.instance, core.u32(HEADER.pc))
        return { kind: 'trap', message: outcome.text }
      default: return { kind: outcome.kind }
    }
  }
}

function bindHostCalls(store: Store, module: WasmModule, calls: HostCalls): Import[] {
  return module.imports.map(({ name, index }) => {
    const call = calls[name]
    if (call === undefined) throw new Error(`the machine has no host call ${name}`)
    return { kind: 'host', number: store.addHostCall(numeric(functionType(module, index), call)) }
  })
}

/** A host call of ABI `ft`: i32 and f64 as numbers, at most one i32 or f64 back. */
function numeric({ params, results }: FuncType, call: HostCalls[string]): HostFunction {
  return (core, at) => {
    const args = params.map((type, i) => (type === F64 ? core.view.getFloat64(at + i * 8, true) : core.i32(at + i * 8)))
    const result = call(...args) ?? 0
    if (results.length === 0) return
    // The call may have made the core's memory grow: the view is taken anew.
    if (results[0] === F64) core.view.setFloat64(at, result, true)
    else core.view.setBigUint64(at, BigInt(result >>> 0), true)
  }
}
