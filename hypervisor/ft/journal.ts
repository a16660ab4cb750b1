/**
 * The machine's outside (§2.1). While there are received entries they answer the guest's operations; a live replica
 * answers from the world and logs the answer. A backup that runs out of entries has run ahead of its primary, which
 * must never happen: it halts.
 */
import type { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import { Kind, type Clock, type LogEntry } from '../../logging-channel/entries.ts'
import type { Outside } from '../devices/device.ts'
import type { Output } from '../switch/messages.ts'
import { ContinuingClocks } from './continuing-clocks.ts'
import type { Deadlines } from './deadlines.ts'
import { Divergence } from './divergence.ts'
import type { HeldOutputs } from './held-outputs.ts'
import type { LogWriter } from './log-writer.ts'
import type { World } from './world.ts'

export class Journal implements Outside {
  /** True when the world may be asked once the received entries are used up. */
  live = false
  readonly #received: ReceiveBuffer
  readonly #log: LogWriter
  readonly #outputs: HeldOutputs
  readonly #deadlines: Deadlines
  readonly #clocks: ContinuingClocks
  readonly #world: World
  readonly #ticks: () => number

  constructor(parts: {
    received: ReceiveBuffer
    log: LogWriter
    outputs: HeldOutputs
    deadlines: Deadlines
    world: World
    ticks: () => number
  }) {
    this.#received = parts.received
    this.#log = parts.log
    this.#outputs = parts.outputs
    this.#deadlines = parts.deadlines
    this.#world = parts.world
    this.#clocks = new ContinuingClocks(parts.world)
    this.#ticks = parts.ticks
  }

  /** The guest's clocks, for snapshots. */
  get clocks(): ContinuingClocks {
    return this.#clocks
  }

  readClock(clock: Clock): number {
    const entry = this.#next(Kind.clock)
    if (entry === undefined) {
      const us = this.#clocks.read(clock)
      this.#log.append({ kind: Kind.clock, clock, us })
      return us
    }
    if (entry.clock !== clock) throw this.#diverged(`the guest read clock ${clock}, the log has clock ${entry.clock}`)
    this.#received.shift()
    this.#clocks.follow(clock, entry.us)
    return entry.us
  }

  drawEntropy(length: number): Uint8Array {
    const entry = this.#next(Kind.entropy)
    if (entry === undefined) {
      const bytes = this.#world.entropy(length)
      this.#log.append({ kind: Kind.entropy, bytes })
      return bytes
    }
    if (entry.bytes.length !== length) throw this.#diverged(`the guest drew ${length} random bytes, the log has ${entry.bytes.length}`)
    this.#received.shift()
    return entry.bytes
  }

  emit(output: Output): void {
    this.#outputs.emit(output)
  }

  armTimer(timer: number, delayUs: number): void {
    this.#deadlines.arm(timer, this.#world.monotonicUs() + delayUs)
  }

  disarmTimer(timer: number): void {
    this.#deadlines.disarm(timer)
  }

  /** The head of the received log, which must be of `kind`; undefined if the world is to be asked. */
  #next<K extends Kind>(kind: K): Extract<LogEntry, { kind: K }> | undefined {
    const entry = this.#received.head()
    if (entry === undefined) {
      if (this.live) return undefined
      throw this.#diverged(`the guest made operation ${kind} and the log has none: the backup ran ahead`)
    }
    if (entry.kind !== kind) throw this.#diverged(`the guest made operation ${kind}, the log has entry kind ${entry.kind}`)
    return entry as Extract<LogEntry, { kind: K }>
  }

  #diverged(what: string): Divergence {
    return new Divergence(this.#received.headSeq, this.#ticks(), what)
  }
}
