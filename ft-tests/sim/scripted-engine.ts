/** An engine whose guest is a script: generator functions that yield once a tick. Its memory is real, so state hashes are too. */
import type { EngineState } from '../../hypervisor/machine/engine-state.ts'
import { GuestExit, type Engine, type GuestEntry, type HostCalls, type Stop } from '../../hypervisor/machine/engine.ts'

export const pageBytes = 65536

export type GuestCode = Generator<void, void, void>

/** Everything a guest has; only memory survives between entries. */
export type GuestHost = {
  readonly call: Readonly<Record<string, (...args: number[]) => number>>
  /** Views of memory as it is now: `grow` replaces them. */
  words: Int32Array
  bytes: Uint8Array
  /** False at the configured maximum. */
  grow(): boolean
  /** Puts other memory in the place of this one: a larger copy, or a restored one. */
  replace(memory: Uint8Array): void
}

export type GuestProgram = { readonly ft_start: () => GuestCode; readonly ft_interrupt: (causes: number) => GuestCode }

export class ScriptedEngine implements Engine {
  readonly #program: GuestProgram
  readonly #host: GuestHost
  readonly #frames: GuestCode[] = []
  readonly #onSnapshot: () => void
  #ticks = 0

  /** @param onSnapshot called as the engine is copied */
  constructor(calls: HostCalls, pages: number, pagesMax: number, write: (host: GuestHost) => GuestProgram, onSnapshot: () => void) {
    this.#onSnapshot = onSnapshot
    const bytes = new Uint8Array(pages * pageBytes)
    this.#host = {
      call: calls as GuestHost['call'],
      bytes,
      words: new Int32Array(bytes.buffer),
      grow(): boolean {
        if (this.bytes.length >= pagesMax * pageBytes) return false
        const larger = new Uint8Array(this.bytes.length + pageBytes)
        larger.set(this.bytes)
        this.replace(larger)
        return true
      },
      replace(memory: Uint8Array): void {
        this.bytes = memory
        this.words = new Int32Array(memory.buffer)
      }
    }
    this.#program = write(this.#host)
  }

  get ticks(): number {
    return this.#ticks
  }

  get nesting(): number {
    return this.#frames.length
  }

  enter(entry: GuestEntry, argument: number): void {
    this.#frames.push(entry === 'ft_start' ? this.#program.ft_start() : this.#program.ft_interrupt(argument))
  }

  run(untilTick: number, onStop: (stop: Stop) => void): void {
    if (!(untilTick > this.#ticks)) throw new Error(`run until tick ${untilTick} at tick ${this.#ticks}`)
    onStop(this.#go(untilTick))
  }

  memory(): Uint8Array {
    return this.#host.bytes
  }

  globals(): Uint32Array {
    return new Uint32Array(0)
  }

  tables(): Uint32Array {
    return new Uint32Array(0)
  }

  snapshot(): EngineState {
    if (this.#frames.length > 0) throw new Error('snapshot while the script runs')
    this.#onSnapshot()
    const none = new Uint8Array(0)
    return {
      ticks: this.#ticks, globals: this.globals(), tables: [], droppedData: none, droppedElements: none, memory: this.#host.bytes.slice()
    }
  }

  restoreRoom(bytes: number): Uint8Array {
    return new Uint8Array(bytes)
  }

  restore(state: EngineState): void {
    if (this.#frames.length > 0) throw new Error('restore while the script runs')
    this.#ticks = state.ticks
    this.#host.replace(state.memory.slice())
  }

  #go(untilTick: number): Stop {
    try {
      while (this.#frames.length > 0) {
        if (this.#frames.at(-1)!.next().done === true) this.#frames.pop()
        else if (++this.#ticks === untilTick) return { kind: 'tick' }
      }
      return { kind: 'idle' }
    } catch (error) {
      if (error instanceof GuestExit) return { kind: 'exit', code: error.code }
      throw error
    }
  }
}
