import { EngineHalt, GuestExit } from '../machine/engine.ts'
import type { EngineState } from '../machine/engine-state.ts'
import type { Engine, EngineLimits, GuestEntry, HostCalls, Stop } from '../machine/engine.ts'
import { GUEST_MODULE } from '../wasm/guest-abi.ts'
import { TRAP } from '../wasm/traps.ts'
import { ADDED, HOOK_MODULE } from './layout.ts'
import type { Instrumentation } from './conventions.ts'
import type { CodePlace } from './offset-map.ts'
import { prepareV8 } from './prepare.ts'
import type { PreparedGuest } from './prepare.ts'
import { checkMemory, checkState } from '../machine/check-state.ts'
import { InstanceState } from './instance-state.ts'
import type { StateShape } from '../machine/state-shape.ts'
import { trapOffset } from './trap-offset.ts'
import { trapText } from './trap-text.ts'
import { wasmJs } from './wasm-js.ts'
import type { WasmExports, WasmFunction, WasmGlobal, WasmMemory } from './wasm-js.ts'

/** Thrown by the depth hook through the guest's frames. */
class DepthExceeded extends Error {}

/** Ticks counted between two looks at the target: the countdown is an i32. */
const CHUNK_TICKS = 2 ** 31 - 1

type Onward = () => void

/**
 * Runs a guest on V8. Throws `WasmError` for a module that is malformed, invalid, not of ABI `ft` or beyond the limits.
 *
 * `onHalt` takes what must stop the replica while guest code runs: an exception of a host call that isn't `GuestExit` (a bug),
 * or an `EngineHalt`. By default it is thrown where nothing catches it. The engine is dead afterwards.
 *
 * `instrumentation` is for measurements and tests: without all of it the engine does not keep its promises.
 */
export function createV8Engine(
  bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void = throwUncaught,
  instrumentation?: Instrumentation,
): V8Engine {
  return startV8(prepareV8(bytes, limits, instrumentation), calls, onHalt)
}

/** What is left to do once a guest is prepared: V8 compiles it, and it gets its memory. */
export function startV8(prepared: PreparedGuest, calls: HostCalls, onHalt: (error: unknown) => void = throwUncaught): V8Engine {
  return new V8Engine(compile(prepared.bytes), prepared.places, prepared.shape, calls, onHalt)
}

function throwUncaught(error: unknown): void {
  queueMicrotask(() => { throw error })
}

type State = 'idle' | 'entered' | 'stopped' | 'running' | 'dead'

export class V8Engine implements Engine {
  private readonly onHalt: (error: unknown) => void
  private readonly makeInstance: () => Instance
  private readonly shape: StateShape
  private readonly places: PreparedGuest['places']
  private trapped: CodePlace | undefined = undefined
  private instance: Instance
  private view = new Uint8Array(0)
  /** Memory of the instance as `restoreRoom` gave it, until it is restored. */
  private room: ArrayBufferLike | undefined
  private state: State = 'idle'
  private entered: GuestEntry = 'ft_start'
  private argument = 0
  /** Continuations of interrupted calls, the innermost last. */
  private readonly interrupted: Onward[] = []
  /** The tick at which the countdown passes zero. */
  private chunkEnd = 0
  private untilTick = 0
  private onStop: (stop: Stop) => void = () => { throw new Error('stopped before the first run') }
  private readonly onReturn = (): void => this.returned()
  private readonly onError = (error: unknown): void => this.failed(error)

  constructor(
    module: object, places: PreparedGuest['places'], shape: StateShape, calls: HostCalls, onHalt: (error: unknown) => void,
  ) {
    this.onHalt = onHalt
    this.shape = shape
    this.places = places
    const hooks = {
      tick: new wasmJs.Suspending(() => this.tickHook()),
      depth: () => { throw new DepthExceeded() },
      supply: () => { throw new EngineHalt('the host could not supply memory that the guest may have') },
    }
    const imports = { [GUEST_MODULE]: calls, [HOOK_MODULE]: hooks }
    this.makeInstance = () => instantiate(module, imports, shape)
    this.instance = this.makeInstance()
  }

  get ticks(): number {
    return this.chunkEnd - this.instance.left.value - 1
  }

  /** Where in its module the guest trapped last; undefined if it has not, or in no function of its own. */
  get trapPlace(): CodePlace | undefined {
    return this.trapped
  }

  get nesting(): number {
    return this.interrupted.length + (this.state === 'entered' || this.state === 'running' ? 1 : 0)
  }

  enter(entry: GuestEntry, argument: number): void {
    if (this.state !== 'idle' && this.state !== 'stopped') throw new Error(`enter(${entry}) while the engine is ${this.state}`)
    this.state = 'entered'
    this.entered = entry
    this.argument = argument
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    const { state } = this
    if (state !== 'entered' && state !== 'stopped') throw new Error(`run while the engine is ${state}`)
    if (!(untilTick > this.ticks)) throw new Error(`run until tick ${untilTick} at tick ${this.ticks}`)
    this.onStop = onStop
    this.untilTick = untilTick
    this.charge()
    this.state = 'running'
    if (state === 'stopped') (this.interrupted.pop() as Onward)()
    else if (this.entered === 'ft_start') this.instance.start().then(this.onReturn, this.onError)
    else this.instance.interrupt(this.argument).then(this.onReturn, this.onError)
  }

  memory(): Uint8Array {
    const { buffer } = this.instance.memory
    if (this.view.buffer !== buffer) this.view = new Uint8Array(buffer)
    return this.view
  }

  globals(): Uint32Array {
    return this.instance.state.globals()
  }

  tables(): Uint32Array {
    return this.instance.state.changeableTables()
  }

  snapshot(room?: Uint8Array): EngineState {
    if (this.state !== 'idle') throw new Error(`snapshot while the engine is ${this.state}: V8 takes one between events only`)
    return this.instance.state.take(this.ticks, this.memory(), room)
  }

  restoreRoom(bytes: number): Uint8Array {
    this.needNoFrames('restoreRoom')
    checkMemory(bytes, this.shape)
    this.renew()
    this.state = 'dead'
    const room = this.instance.state.roomOf(bytes, this.instance.memory)
    this.room = room.buffer
    return room
  }

  restore(state: EngineState): void {
    this.needNoFrames('restore')
    checkState(state, this.shape, table => this.instance.state.table(table))
    if (state.memory.buffer !== this.room) this.renew()
    this.room = undefined
    this.instance.state.put(state, this.instance.memory)
    this.chunkEnd = state.ticks
    this.trapped = undefined
    this.state = 'idle'
  }

  private needNoFrames(what: string): void {
    if (this.state !== 'idle' && this.state !== 'dead') throw new Error(`${what} while the engine is ${this.state}`)
  }

  /** A new instance, because memory and tables never shrink and a dropped segment stays dropped. */
  private renew(): void {
    this.instance = this.makeInstance()
  }

  /** Sets the countdown to pass zero at the target, or as far as it can count. */
  private charge(): void {
    const now = this.ticks
    this.chunkEnd = Math.min(this.untilTick, now + CHUNK_TICKS)
    this.instance.left.value = this.chunkEnd - now - 1
  }

  /** Called by the guest when the countdown passes zero. The promise suspends it. */
  private tickHook(): Promise<void> | undefined {
    if (this.chunkEnd < this.untilTick) {
      this.charge()
      return undefined
    }
    return new Promise(resolve => {
      this.interrupted.push(resolve)
      // The guest's stack is suspended only when this returns.
      queueMicrotask(() => this.stop('stopped', { kind: 'tick' }))
    })
  }

  private returned(): void {
    const below = this.interrupted.pop()
    if (below !== undefined) below()
    else this.stop('idle', { kind: 'idle' })
  }

  private failed(error: unknown): void {
    this.interrupted.length = 0
    if (error instanceof GuestExit) return this.stop('dead', { kind: 'exit', code: error.code })
    if (error instanceof DepthExceeded) return this.stop('dead', { kind: 'trap', message: TRAP.stack })
    const message = trapText(error)
    if (message !== undefined) return this.trap(error as Error, message)
    this.state = 'dead'
    // V8's own limit is not the guest's: another replica might not have met it.
    this.onHalt(error instanceof RangeError ? new EngineHalt('V8 ran out of stack within the guest\'s budget', error) : error)
  }

  private trap(error: Error, message: string): void {
    const offset = trapOffset(error)
    if (offset === undefined) {
      this.state = 'dead'
      return this.onHalt(new EngineHalt('V8 does not say where the guest trapped: Error.stackTraceLimit must not be 0', error))
    }
    this.trapped = this.places.lookup(offset)
    // An unrolled loop counts when a round is over.
    this.instance.left.value -= this.trapped?.uncounted ?? 0
    this.stop('dead', { kind: 'trap', message })
  }

  private stop(state: State, stop: Stop): void {
    this.state = state
    this.onStop(stop)
  }
}

function compile(rewritten: Uint8Array): object {
  try {
    return new wasmJs.Module(rewritten)
  } catch (error) {
    throw new EngineHalt('V8 does not take the rewritten module', error)
  }
}

/** What the engine uses of an instance. */
interface Instance {
  readonly memory: WasmMemory
  readonly left: WasmGlobal
  readonly start: (...args: number[]) => Promise<unknown>
  readonly interrupt: (...args: number[]) => Promise<unknown>
  readonly state: InstanceState
}

function instantiate(module: object, imports: object, shape: StateShape): Instance {
  let exports: WasmExports
  try {
    exports = new wasmJs.Instance(module, imports).exports
  } catch (error) {
    throw new EngineHalt('the host could not supply the guest\'s memory or tables', error)
  }
  const left = exports[ADDED.left] as WasmGlobal
  left.value = -1
  return {
    left, memory: exports.memory as WasmMemory, state: new InstanceState(shape, exports),
    start: wasmJs.promising(exports[ADDED.start] as WasmFunction),
    interrupt: wasmJs.promising(exports[ADDED.interrupt] as WasmFunction),
  }
}
