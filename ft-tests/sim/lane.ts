/** One direction of a connection: bytes arrive in order, late, in pieces, or not at all. */
import type { Rng } from './rng.ts'
import type { Scheduler } from './scheduler.ts'

/** A piece of the stream; `damaged` ones carry exactly one flipped bit. `null` is the end of the stream. */
export type Arrival = { readonly bytes: Uint8Array; readonly damaged: boolean } | null

/** `byteMs`: what each byte adds. */
export type LaneDelay = { readonly minMs: number; readonly maxMs: number; readonly splitChance: number; readonly byteMs: number }

/** Bytes that arrive together. */
const segmentBytes = 16_384

export class Lane {
  readonly #scheduler: Scheduler
  readonly #rng: Rng
  readonly #delay: LaneDelay
  readonly #deliver: (arrival: Arrival) => void
  #queue: { readonly atMs: number; readonly arrival: Arrival }[] = []
  #lastMs = 0
  #heldUntilMs = 0
  #isLossy = false
  #isEnded = false
  #damageNext = false

  constructor(scheduler: Scheduler, rng: Rng, delay: LaneDelay, deliver: (arrival: Arrival) => void) {
    this.#scheduler = scheduler
    this.#rng = rng
    this.#delay = delay
    this.#deliver = deliver
  }

  send(bytes: Uint8Array): void {
    if (this.#isLossy || this.#isEnded || bytes.length === 0) return
    if (this.#damageNext) return this.#sendDamaged(bytes)
    if (this.#delay.byteMs > 0 && bytes.length > segmentBytes) return this.#sendSegments(bytes)
    if (bytes.length < 2 || !this.#rng.chance(this.#delay.splitChance)) return this.#put({ bytes, damaged: false })
    const at = this.#rng.integer(1, bytes.length - 1)
    this.#put({ bytes: bytes.subarray(0, at), damaged: false })
    this.#put({ bytes: bytes.subarray(at), damaged: false })
  }

  /** What was sent still arrives, then the end. */
  end(): void {
    if (this.#isLossy || this.#isEnded) return
    this.#isEnded = true
    this.#put(null)
  }

  /** The sender is gone: what is under way arrives up to some byte, then the end. @returns true if a write is cut in two */
  breakOff(): boolean {
    if (this.#isLossy || this.#isEnded) return false
    let isHalf = false
    const kept = this.#rng.integer(0, this.#queue.length)
    const cut = this.#queue[kept]
    this.#queue.length = kept
    if (cut?.arrival != null && cut.arrival.bytes.length > 1 && this.#rng.chance(0.5)) {
      const { bytes, damaged } = cut.arrival
      isHalf = !damaged
      if (isHalf) this.#put({ bytes: bytes.subarray(0, this.#rng.integer(1, bytes.length - 1)), damaged })
    }
    this.end()
    return isHalf
  }

  /** From now on everything vanishes, the end too. */
  lose(withWhatIsUnderWay: boolean): void {
    this.#isLossy = true
    if (withWhatIsUnderWay) this.#queue = []
  }

  /** Nothing arrives for a while; nothing is lost. */
  hold(durationMs: number): void {
    this.#heldUntilMs = this.#scheduler.nowMs + durationMs
    this.#scheduler.at(this.#heldUntilMs, () => this.#arrive())
  }

  /** Flips one bit of what is sent next. */
  damage(): void {
    this.#damageNext = true
  }

  /** A long write comes bit by bit where bytes take their time. */
  #sendSegments(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += segmentBytes) this.#put({ bytes: bytes.subarray(at, at + segmentBytes), damaged: false })
  }

  #sendDamaged(bytes: Uint8Array): void {
    this.#damageNext = false
    const at = this.#rng.integer(0, bytes.length - 1)
    if (at > 0) this.#put({ bytes: bytes.subarray(0, at), damaged: false })
    this.#put({ bytes: Uint8Array.of(bytes[at]! ^ (1 << this.#rng.integer(0, 7))), damaged: true })
    if (at + 1 < bytes.length) this.#put({ bytes: bytes.subarray(at + 1), damaged: false })
  }

  #put(arrival: Arrival): void {
    const delayMs = this.#rng.number(this.#delay.minMs, this.#delay.maxMs)
    const bytes = arrival?.bytes.length ?? 0
    this.#lastMs = Math.max(this.#lastMs, this.#scheduler.nowMs + delayMs) + bytes * this.#delay.byteMs
    this.#queue.push({ atMs: this.#lastMs, arrival })
    this.#scheduler.at(this.#lastMs, () => this.#arrive())
  }

  #arrive(): void {
    const { nowMs } = this.#scheduler
    while (this.#queue.length > 0 && this.#queue[0]!.atMs <= nowMs && this.#heldUntilMs <= nowMs) {
      this.#deliver(this.#queue.shift()!.arrival)
    }
  }
}
