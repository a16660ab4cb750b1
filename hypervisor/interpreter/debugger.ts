import type { CodePlace, Stop } from '../machine/engine.ts'
import { functionNames } from '../wasm/function-names.ts'
import type { ValType } from '../wasm/types.ts'
import { BREAK_BIT, HEADER, READ, WATCH, WATCH_BYTES, WATCHES_MAX, WRITE } from './core/header.ts'
import { localRegisters } from './translator/local-registers.ts'
import type { Instance } from './runtime/instance.ts'
import type { Entry, Outcome, Processor } from './runtime/processor.ts'
import { readBits } from './runtime/values.ts'
import type { Bits } from './runtime/values.ts'

/**
 * Where a guest is: ticks since boot, and register instructions since the last tick, since its entry or since an inner entry
 * returned to it, whichever was last. Unique within an entry.
 */
export interface Position {
  readonly tick: number
  readonly step: number
}

/** Accesses to guest addresses from `address` on; by instructions, not by host calls. */
export interface WatchRange {
  readonly address: number
  readonly length: number
  readonly read: boolean
  readonly write: boolean
}

export type DebugStop = Stop
  /** The steps asked for were made. */
  | { readonly kind: 'step' }
  /** The next instruction has a breakpoint. */
  | { readonly kind: 'breakpoint' }
  /** The next instruction would access a watched range, `address` first. */
  | { readonly kind: 'watch', readonly address: number }

export interface Local {
  readonly type: ValType
  /** One value, or two for a v128. */
  readonly bits: readonly Bits[]
}

export interface StackFrame {
  readonly functionIndex: number
  /** From the name section, if it has one. */
  readonly name: string | undefined
  /** Byte offset in the module: of the next instruction, or of the call that has not returned. */
  readonly offset: number
  /** Which entry it belongs to: 0 for the outermost, 1 for a handler that interrupted it. */
  readonly entry: number
  /** Parameters, then declared locals. */
  readonly locals: readonly Local[]
}

/** What the debugger has of its engine. */
export interface Debuggee {
  readonly processor: Processor
  readonly instance: Instance
  /** Runs `run` as the engine runs code, and tells how that ended. */
  drive(run: () => Outcome): DebugStop
}

const FAR = 2 ** 52

/** The debugger's view of an interpreter: `InterpreterEngine.debugger`. What it sets costs the engine's own runs nothing. */
export class Debugger {
  private readonly debuggee: Debuggee
  private readonly names: ReadonlyMap<number, string>
  /** Addresses of the instructions that have a breakpoint. */
  private breakpoints: readonly number[] = []
  private watching = false

  constructor(debuggee: Debuggee) {
    this.debuggee = debuggee
    this.names = functionNames(debuggee.instance.module)
  }

  /** Exact after runs of the debugger; after the engine's own where they stopped at a tick. */
  get position(): Position {
    const { processor } = this.debuggee
    return { tick: processor.ticks, step: processor.core.u32(HEADER.step) }
  }

  /** The next instruction; undefined where the entry has not yet called the guest, or the guest is idle. */
  get place(): CodePlace | undefined {
    const { processor, instance } = this.debuggee
    if (processor.nesting === 0) return undefined
    return placeOf(instance, processor.core.u32(HEADER.pc))
  }

  /**
   * Sets breakpoints at offsets in the module, in place of all others: each at the first instruction of its function from there
   * on. Gives the offsets where they stand; undefined for one that is in no function.
   */
  setBreakpoints(offsets: readonly number[]): (number | undefined)[] {
    const { instance } = this.debuggee
    const found = offsets.map(offset => instance.addressOf(offset))
    this.breakpoints = found.filter(address => address !== undefined)
    return found.map(address => (address === undefined ? undefined : instance.sourceAt(address)))
  }

  /** Watches ranges of the guest's memory, in place of all others. Throws for more than 64. */
  setWatches(ranges: readonly WatchRange[]): void {
    const { processor: { core }, instance } = this.debuggee
    if (ranges.length > WATCHES_MAX) throw new Error(`${ranges.length} watched ranges, expected at most ${WATCHES_MAX}`)
    ranges.forEach(({ address, length, read, write }, i) => {
      const at = HEADER.watches + i * WATCH_BYTES
      core.setU32(at + WATCH.memory, instance.memory)
      core.setU32(at + WATCH.kinds, (read ? READ : 0) | (write ? WRITE : 0))
      core.view.setBigUint64(at + WATCH.from, BigInt(address), true)
      core.view.setBigUint64(at + WATCH.to, BigInt(address + length), true)
    })
    core.setU32(HEADER.watchCount, ranges.length)
    this.watching = ranges.length > 0
  }

  /**
   * Runs at most `steps` register instructions, and until `untilTick` at most. Stops in front of breakpoints and watched
   * accesses, but for those of the very next instruction. Throws what a host call throws, `GuestExit` excepted.
   */
  runSteps(steps: number, untilTick: number = FAR): DebugStop {
    const { processor } = this.debuggee
    return this.debuggee.drive(() => {
      this.mark(BREAK_BIT)
      try {
        return processor.runSteps(steps, untilTick, true)
      } finally {
        this.mark(0)
      }
    })
  }

  /** Runs on to a position ahead within this entry, at full speed if there are no breakpoints and watches. */
  runTo({ tick, step }: Position): DebugStop {
    const here = this.position
    if (tick < here.tick || (tick === here.tick && step < here.step)) {
      throw new Error(`run to ${tick}:${step} at ${here.tick}:${here.step}: there is no way back but a snapshot`)
    }
    if (tick === here.tick) return step === here.step ? { kind: 'step' } : this.runSteps(step - here.step)
    const stop = this.runToTick(tick)
    return stop.kind !== 'tick' || step === 0 ? stop : this.runSteps(step)
  }

  private runToTick(tick: number): DebugStop {
    if (this.watching || this.breakpoints.length > 0) return this.runSteps(Infinity, tick)
    return this.debuggee.drive(() => this.debuggee.processor.run(tick))
  }

  /** Every frame, the innermost first. */
  callStack(): StackFrame[] {
    return this.debuggee.processor.entries().reverse().flatMap((entry, i, all) => this.framesOf(entry, all.length - 1 - i))
  }

  private framesOf({ pc, fp, stack }: Entry, entry: number): StackFrame[] {
    const { instance, processor: { core } } = this.debuggee
    const frames: StackFrame[] = []
    // A return address is behind the call.
    for (let at = pc, frame = fp, back = 0; ; back = 1) {
      const functionIndex = instance.functionAt(at - back)
      if (functionIndex === undefined || frame <= stack + 16) return frames
      if (functionIndex >= instance.module.importedFunctions) {
        frames.push({
          functionIndex, name: this.names.get(functionIndex), offset: instance.sourceAt(at - back), entry,
          locals: this.locals(functionIndex, frame),
        })
      }
      at = core.u32(frame - 16)
      frame = core.u32(frame - 12)
    }
  }

  private locals(functionIndex: number, fp: number): Local[] {
    const { instance: { module }, processor: { core } } = this.debuggee
    const registers = localRegisters(module, functionIndex)
    return Array.from({ length: registers.count }, (_, i) => {
      const type = registers.typeOf(i)
      return { type, bits: readBits(core, fp + registers.registerOf(i) * 8, type) }
    })
  }

  private mark(bit: number): void {
    const { view } = this.debuggee.processor.core
    for (const address of this.breakpoints) view.setUint16(address, (view.getUint16(address, true) & ~BREAK_BIT) | bit, true)
  }
}

/** The place that the code at an address was made for; undefined for code that calls functions from outside. */
export function placeOf(instance: Instance, pc: number): CodePlace | undefined {
  const functionIndex = instance.functionAt(pc)
  return functionIndex === undefined ? undefined : { functionIndex, offset: instance.sourceAt(pc) }
}

