import { OP } from '../wasm/opcodes.ts'
import type { BodyEmitter } from './body-emitter.ts'
import type { Layout } from './layout.ts'

/**
 * Code that counts. The counter lives in a local and is written to its global with every change, so that host calls, indirect
 * callees and traps find it there. What nobody can look into leaves the global behind: a loop until it is left, a function for
 * its caller to write.
 */
export class TickCode {
  private readonly emitter: BodyEmitter
  private readonly layout: Layout
  /** Index of the local that holds the counter. */
  readonly counter: number
  /** The function leaves the global behind throughout; see `Conventions.silent`. */
  readonly silent: boolean

  constructor(emitter: BodyEmitter, layout: Layout, counter: number, silent: boolean) {
    this.emitter = emitter
    this.layout = layout
    this.counter = counter
    this.silent = silent
  }

  /** Takes the counter from its global. */
  load(): void {
    this.emitter.getGlobal(this.layout.leftGlobal)
    this.emitter.set(this.counter)
  }

  /** Writes the counter to its global. */
  store(): void {
    this.emitter.get(this.counter)
    this.emitter.setGlobal(this.layout.leftGlobal)
  }

  /** One tick: below zero, the hook is due. With `silent` the global stays behind. */
  tick(silent = this.silent): void {
    const { emitter, counter } = this
    this.add(-1, silent)
    emitter.get(counter)
    emitter.constant(0).u8(OP.i32LtS)
    emitter.ifUnlikely()
    if (silent) this.store()
    emitter.call(this.layout.hook.tick)
    this.load()
    emitter.out.u8(OP.end)
  }

  /** Branches, which hardly ever happens, if fewer than `ticks` are left. */
  leaveIfFewerThan(ticks: number, label: number): void {
    this.emitter.get(this.counter)
    this.emitter.constant(ticks).u8(OP.i32LtS)
    this.emitter.branchUnlikely(label)
  }

  /** Changes the counter. */
  add(ticks: number, silent: boolean): void {
    const { emitter, counter, layout } = this
    emitter.get(counter)
    emitter.constant(ticks).u8(OP.i32Add)
    if (silent) return void emitter.set(counter)
    emitter.out.u8(OP.localTee).u32(counter)
    emitter.setGlobal(layout.leftGlobal)
  }
}
