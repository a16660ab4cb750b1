import { HEADER, STATUS } from '../core/header.ts'
import { TRAPS } from '../core/expand.ts'
import { LINKAGE_SLOTS } from '../translator/frame-layout.ts'
import { FRAME_BYTES_MAX, STACK_BYTES_MAX } from '../../wasm/stack-budget.ts'
import { TRAP } from '../../wasm/traps.ts'
import type { Core } from './core.ts'
import { performOutside } from './outside.ts'
import { Trapped } from './segments.ts'
import type { Store } from './store.ts'

/** Stack of one entry from outside: what the budget allows, the largest frame on top of it, and the entry's own frame. */
export const STACK_REGION_BYTES = STACK_BYTES_MAX + FRAME_BYTES_MAX + 65536
/** V8 does not replace a running loop by optimised code: the first runs are short, and the last ones still end. */
const SLICE_TICKS_FIRST = 1 << 14
const SLICE_TICKS_MAX = 1 << 22
const STEPS_MAX = 0xffffffff

export type Outcome =
  | { readonly kind: 'tick' | 'idle' | 'stepped' | 'breakpoint' | 'watch' }
  | { readonly kind: 'trap', readonly text: string }

/** Where an entry's code is: the next instruction, the frame, the memory in use, and steps since the last tick. */
interface Position {
  readonly pc: number
  readonly fp: number
  readonly memory: number
  readonly step: number
}

/** An entry that has not returned, with the address of its stack. */
export interface Entry extends Position {
  readonly stack: number
}

/** Runs entries of a store's functions on the core: counts ticks, nests, and does what the core leaves to TypeScript. */
export class Processor {
  readonly store: Store
  readonly core: Core
  /** Stacks, by nesting. */
  readonly stacks: number[] = []
  /** What entries interrupted, the innermost last. */
  readonly interrupted: Position[] = []
  /** Entries not yet returned. */
  nesting = 0
  /** Ticks counted when the core was last charged with some. */
  private counted = 0
  private charged = 0
  private slice = SLICE_TICKS_FIRST

  constructor(store: Store) {
    this.store = store
    this.core = store.core
    for (let i = 0; i < 2; i++) this.stacks.push(this.core.allocate(STACK_REGION_BYTES))
  }

  get ticks(): number {
    return this.counted + this.charged - this.core.i32(HEADER.left)
  }

  set ticks(ticks: number) {
    this.counted = ticks
    this.charged = 0
    this.core.setU32(HEADER.left, 0)
  }

  /** Register 0 of the outermost frame of the innermost entry: its arguments lie from there on, and then its results. */
  get entryFrame(): number {
    return this.stacks[this.nesting - 1] + LINKAGE_SLOTS * 8
  }

  /** Prepares a call on top of whatever was interrupted: `code` is one of the instance's entries. */
  enter(code: number, memory: number): void {
    this.nest()
    this.resume({ pc: code, fp: this.entryFrame, memory, step: 0 })
  }

  private get position(): Position {
    const { core } = this
    return { pc: core.u32(HEADER.pc), fp: core.u32(HEADER.fp), memory: core.u32(HEADER.memory), step: core.u32(HEADER.step) }
  }

  private nest(): void {
    if (this.nesting > 0) this.interrupted.push(this.position)
    this.nesting++
    if (this.stacks.length < this.nesting) this.stacks.push(this.core.allocate(STACK_REGION_BYTES))
  }

  private resume({ pc, fp, memory, step }: Position): void {
    const { core } = this
    core.setU32(HEADER.pc, pc)
    core.setU32(HEADER.fp, fp)
    core.setU32(HEADER.memory, memory)
    core.setU32(HEADER.step, step)
  }

  /** Every entry that has not returned, the outermost first. */
  entries(): Entry[] {
    if (this.nesting === 0) return []
    return [...this.interrupted, this.position].map((position, i) => ({ ...position, stack: this.stacks[i] }))
  }

  /** Puts back an entry that `entries` gave, on top of the others, with the contents of its stack. */
  push(entry: Entry, contents: Uint8Array): void {
    const { core } = this
    this.nest()
    const stack = this.stacks[this.nesting - 1]
    const moved = stack - entry.stack
    core.bytes.set(contents, stack)
    this.resume({ ...entry, fp: entry.fp + moved })
    for (let fp = entry.fp + moved; moved !== 0 && fp !== this.entryFrame; fp = core.u32(fp - 12)) {
      core.setU32(fp - 12, core.u32(fp - 12) + moved)
    }
  }

  /** Drops all entries, as after a trap. */
  abandon(): void {
    this.nesting = 0
    this.interrupted.length = 0
  }

  /** Runs until idle, a trap, or until `ticks === untilTick`. What host functions throw comes through. */
  run(untilTick: number): Outcome {
    for (;;) {
      this.charge(Math.min(untilTick - this.ticks, this.slice))
      if (this.slice < SLICE_TICKS_MAX) this.slice *= 2
      let status = this.core.run()
      while (status === STATUS.outside) {
        const outcome = this.outside()
        if (outcome !== undefined) return outcome
        status = this.core.run()
      }
      if (status === STATUS.trap) return this.trap()
      this.core.setU32(HEADER.step, 0)
      if (this.ticks === untilTick) return { kind: 'tick' }
    }
  }

  /**
   * Runs at most `steps` register instructions and to `untilTick` at most, and stops in front of breakpoints and watched
   * accesses, but for those of the very first instruction if it `passes` them.
   */
  runSteps(steps: number, untilTick: number, passes: boolean): Outcome {
    const { core } = this
    let left = steps
    core.setU32(HEADER.passing, passes ? 1 : 0)
    for (;;) {
      this.charge(Math.min(untilTick - this.ticks, SLICE_TICKS_MAX))
      const some = Math.min(left, STEPS_MAX)
      core.setU32(HEADER.stepsLeft, some)
      const status = core.runDebug()
      left -= some - core.u32(HEADER.stepsLeft)
      core.setU32(HEADER.passing, 0)
      const outcome = this.debugOutcome(status, left, untilTick)
      if (outcome !== undefined) return outcome
    }
  }

  private debugOutcome(status: number, left: number, untilTick: number): Outcome | undefined {
    switch (status) {
      case STATUS.outside: return this.outside()
      case STATUS.trap: return this.trap()
      case STATUS.breakpoint: return { kind: 'breakpoint' }
      case STATUS.watch: return { kind: 'watch' }
      case STATUS.tick: return this.ticks === untilTick ? { kind: 'tick' } : undefined
      default: return left === 0 ? { kind: 'stepped' } : undefined
    }
  }

  private charge(ticks: number): void {
    this.counted = this.ticks
    this.charged = ticks
    this.core.setU32(HEADER.left, ticks)
  }

  private trap(): Outcome {
    this.abandon()
    return { kind: 'trap', text: TRAP[TRAPS[this.core.u32(HEADER.trap)]] }
  }

  /** Gives an outcome if that ends the run. */
  private outside(): Outcome | undefined {
    try {
      if (performOutside(this.store)) return undefined
    } catch (error) {
      if (!(error instanceof Trapped)) throw error
      this.abandon()
      return { kind: 'trap', text: error.text }
    }
    this.nesting--
    const below = this.interrupted.pop()
    if (below === undefined) return { kind: 'idle' }
    this.resume(below)
    return undefined
  }
}
