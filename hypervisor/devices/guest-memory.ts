/** The guest's memory as devices see it: every pointer and length a guest hands over is checked here. */
import type { Engine } from '../machine/engine.ts'

/** Results of ABI calls that are not counts (guest-images/ABI.md). */
export const AbiError = { fault: -1, invalid: -2, conn: -3, busy: -4, closed: -5 } as const

export class GuestMemory {
  #engine: Engine | undefined

  /** Devices are made before the engine that calls them; this closes the circle. */
  attach(engine: Engine): void {
    if (this.#engine !== undefined) throw new Error('guest memory is attached already')
    this.#engine = engine
  }

  /** A view of `length` bytes at `pointer` (both u32), or undefined where that is not all inside memory. */
  view(pointer: number, length: number): Uint8Array | undefined {
    if (this.#engine === undefined) throw new Error('guest memory is not attached')
    const start = pointer >>> 0
    const end = start + (length >>> 0)
    const memory = this.#engine.memory()
    return end <= memory.length ? memory.subarray(start, end) : undefined
  }

  /** The bytes themselves, copied out: they outlive whatever the guest does next. */
  copy(pointer: number, length: number): Uint8Array | undefined {
    return this.view(pointer, length)?.slice()
  }
}
