import { OP } from '../wasm/opcodes.ts'
import type { BodyEmitter } from './body-emitter.ts'
import type { Layout } from './layout.ts'
import type { TickCode } from './ticks.ts'

/** Code that hands down the stack budget (see `../wasm/stack-budget.ts`). Nothing is restored on return. */
export class DepthCode {
  private readonly emitter: BodyEmitter
  private readonly layout: Layout
  /** Index of the local that holds what the function may spend, its own frame included. */
  private readonly budget: number
  private readonly frame: number
  private readonly need: number

  constructor(emitter: BodyEmitter, layout: Layout, functionIndex: number, budget: number) {
    this.emitter = emitter
    this.layout = layout
    this.budget = budget
    this.frame = layout.budget.frame[functionIndex]
    this.need = layout.budget.need[functionIndex]
  }

  /** Takes the budget from its global. */
  load(): void {
    this.emitter.getGlobal(this.layout.depthGlobal)
    this.emitter.set(this.budget)
  }

  /** What a recursive function does on entry, before its tick. */
  check(ticks: TickCode | undefined): void {
    const { emitter } = this
    emitter.get(this.budget)
    emitter.constant(this.need).u8(OP.i32LtS)
    emitter.ifUnlikely()
    if (ticks?.silent === true) ticks.store()
    emitter.call(this.layout.hook.depth).u8(OP.end)
  }

  /** Leaves on the operand stack what a callee may spend. */
  push(): void {
    this.emitter.get(this.budget)
    this.emitter.constant(this.frame).u8(OP.i32Sub)
  }

  /** Puts into its global what a callee may spend; after a tail call that is as much as its caller. */
  store(tail: boolean): void {
    if (tail) this.emitter.get(this.budget)
    else this.push()
    this.emitter.setGlobal(this.layout.depthGlobal)
  }
}
