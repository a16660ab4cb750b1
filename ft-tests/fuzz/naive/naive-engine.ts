import { GuestExit } from '../../../hypervisor/machine/engine.ts'
import type { Engine, EngineLimits, GuestEntry, HostCalls, Stop } from '../../../hypervisor/machine/engine.ts'
import { trapText } from '../../../hypervisor/v8/trap-text.ts'
import { wasmJs } from '../../../hypervisor/v8/wasm-js.ts'
import { GUEST_MODULE } from '../../../hypervisor/wasm/guest-abi.ts'
import { TRAP } from '../../../hypervisor/wasm/traps.ts'
import { instrumentNaively, NAIVE_MODULE, NAIVE_START } from './instrument.ts'
import type { NaiveModule } from './instrument.ts'

class DepthExceeded extends Error {}

type Entry = (...args: number[]) => Promise<unknown>

/** The guest as V8 runs it under the naive instrumentation: what an engine must agree with. Also counts what was reached. */
export class NaiveEngine implements Engine {
  ticks = 0
  readonly naive: NaiveModule
  /** Marks of the stretches of code that ran. */
  readonly reached = new Set<number>()
  private readonly exports: WebAssembly.Exports
  private readonly indices = new Map<unknown, number>()
  private readonly suspended: (() => void)[] = []
  private entered: (() => Promise<unknown>) | undefined
  private untilTick = 0
  private running = false
  private onStop: (stop: Stop) => void = () => undefined

  constructor(bytes: Uint8Array, calls: HostCalls, limits: EngineLimits) {
    this.naive = instrumentNaively(bytes, limits.memoryPagesMax)
    const hooks = {
      tick: () => (++this.ticks === this.untilTick ? 1 : 0),
      stop: new wasmJs.Suspending(() => this.suspend()),
      depth: () => { throw new DepthExceeded() },
      mark: (stretch: number) => { this.reached.add(stretch) },
    }
    const module = new WebAssembly.Module(this.naive.bytes as BufferSource)
    const imports = { [GUEST_MODULE]: calls, [NAIVE_MODULE]: hooks } as unknown as WebAssembly.Imports
    this.exports = new WebAssembly.Instance(module, imports).exports
    for (let i = 0; i < this.naive.functions; i++) this.indices.set(this.exports[`naive:f${i}`], i + 1)
  }

  get nesting(): number {
    return this.suspended.length + (this.entered !== undefined || this.running ? 1 : 0)
  }

  enter(entry: GuestEntry, argument: number): void {
    const name = entry === 'ft_start' ? NAIVE_START : 'naive:interrupt'
    const run = wasmJs.promising(this.exports[name] as () => number) as Entry
    this.entered = () => run(argument)
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    this.untilTick = untilTick
    this.onStop = onStop
    this.running = true
    const { entered } = this
    this.entered = undefined
    if (entered !== undefined) entered().then(() => this.returned(), (error: unknown) => this.failed(error))
    else this.suspended.pop()?.()
  }

  memory(): Uint8Array {
    return new Uint8Array((this.exports.memory as WebAssembly.Memory).buffer)
  }

  globals(): Uint32Array {
    const words: number[] = []
    for (let i = 0; ; i++) {
      const reader = this.exports[`naive:w${i}`]
      if (reader === undefined) return Uint32Array.from(words)
      words.push(typeof reader === 'function' ? reader() as number : this.reference((reader as WebAssembly.Global).value))
    }
  }

  tables(): Uint32Array {
    const words: number[] = []
    for (const i of this.naive.tables) {
      const table = this.exports[`naive:t${i}`] as WebAssembly.Table
      words.push(table.length)
      for (let at = 0; at < table.length; at++) words.push(this.reference(table.get(at)))
    }
    return Uint32Array.from(words)
  }

  /** Not part of what it is for. */
  snapshot(): never {
    throw new Error('the naive engine takes no snapshots')
  }

  restoreRoom(bytes: number): Uint8Array {
    return new Uint8Array(bytes)
  }

  restore(): never {
    throw new Error('the naive engine restores no snapshots')
  }

  private reference(value: unknown): number {
    if (value === null) return 0
    const index = this.indices.get(value)
    if (index === undefined) throw new Error('a reference to no function of the guest')
    return index
  }

  private suspend(): Promise<void> {
    return new Promise(resolve => {
      this.suspended.push(resolve)
      queueMicrotask(() => this.stop({ kind: 'tick' }))
    })
  }

  private returned(): void {
    const below = this.suspended.pop()
    if (below === undefined) this.stop({ kind: 'idle' })
    else below()
  }

  private failed(error: unknown): void {
    this.suspended.length = 0
    if (error instanceof GuestExit) return this.stop({ kind: 'exit', code: error.code })
    const message = error instanceof DepthExceeded ? TRAP.stack : trapText(error)
    if (message === undefined) throw error
    this.stop({ kind: 'trap', message })
  }

  private stop(stop: Stop): void {
    this.running = false
    this.onStop(stop)
  }
}
