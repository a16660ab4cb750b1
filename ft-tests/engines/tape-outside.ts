import { createHash } from 'node:crypto'
import { Clock } from '../../logging-channel/entries.ts'
import type { Outside } from '../../hypervisor/devices/device.ts'
import type { Output } from '../../hypervisor/switch/messages.ts'

/** Where a tape's outside is. */
export type SavedOutside = {
  readonly clockReads: number
  readonly drawn: number
  readonly armed: readonly number[]
  /** Lines not yet taken. */
  readonly outputs: readonly string[]
}

/** An outside whose every answer follows from how often it was asked: two machines with equal ones see the same world. */
export class TapeOutside implements Outside {
  #clockReads = 0
  #drawn = 0
  /** Timers armed by the guest. */
  readonly armed = new Set<number>()
  #outputs: Output[] = []
  /** Lines of what another one put out before. */
  #before: readonly string[] = []

  /** Another one that answers as this one would go on to do. */
  fork(): TapeOutside {
    return TapeOutside.from({ ...this.saved(), outputs: [] })
  }

  /** What it takes to make another one elsewhere: see `from`. */
  saved(): SavedOutside {
    return { clockReads: this.#clockReads, drawn: this.#drawn, armed: [...this.armed], outputs: this.#lines() }
  }

  /** One that answers as the saved one would go on to do, and has put out the same. */
  static from({ clockReads, drawn, armed, outputs }: SavedOutside): TapeOutside {
    const twin = new TapeOutside()
    twin.#clockReads = clockReads
    twin.#drawn = drawn
    for (const timer of armed) twin.armed.add(timer)
    twin.#before = outputs
    return twin
  }

  /** What came out since it was last asked, in one line each; long bytes by their hash. */
  take(): string[] {
    const lines = this.#lines()
    this.#before = []
    this.#outputs = []
    return lines
  }

  #lines(): string[] {
    const readable = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? short(value) : value)
    return [...this.#before, ...this.#outputs.map((output) => JSON.stringify(output, readable))]
  }

  readClock(clock: Clock): number {
    const us = ++this.#clockReads * 1009
    return clock === Clock.wall ? 1_700_000_000_000_000 + us : us
  }

  drawEntropy(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => (++this.#drawn * 197) & 0xff)
  }

  emit(output: Output): void {
    this.#outputs.push(output)
  }

  armTimer(timer: number): void {
    this.armed.add(timer)
  }

  disarmTimer(timer: number): void {
    this.armed.delete(timer)
  }
}

function short(bytes: Uint8Array): string {
  if (bytes.length <= 80) return Buffer.from(bytes).toString('latin1')
  return `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`
}
