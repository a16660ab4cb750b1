/**
 * Drives a replaying machine from the received log, checking as it goes. It runs only up to a `progress` entry that
 * has arrived: the backup never runs ahead (DESIGN §6). It gets there in slices of its own quantum, because a slow replica must
 * still be heard while it replays a long run of a fast one. When the log is to be drained before going live, what lies
 * behind the last progress entry is replayed too, and the guest runs on from there.
 */
import {
  Kind, Reached, type LogEntry, type OutputMarkEntry, type ProgressEntry, type StateHashEntry
} from '../../logging-channel/entries.ts'
import type { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import type { Stop } from '../machine/engine.ts'
import { isDeviceEvent, type Machine } from '../machine/machine.ts'
import type { Deadlines } from './deadlines.ts'
import { Divergence } from './divergence.ts'
import type { HeldOutputs } from './held-outputs.ts'
import { pageHashes } from './state-hash-schedule.ts'

/** What to do next: run to a tick, wait for entries, or (draining) the log is used up. */
export type ReplayStep = { readonly do: 'run'; readonly untilTick: number } | { readonly do: 'wait' } | { readonly do: 'drained' }

export class ReplayRun {
  readonly #machine: Machine
  readonly #received: ReceiveBuffer
  readonly #outputs: HeldOutputs
  readonly #deadlines: Deadlines
  /** Progress entries received and not yet reached, oldest first. */
  #ahead: ProgressEntry[] = []
  /** Set while a run is out that no progress entry covers: the log's last, cut-off one. */
  #beyondLog = false
  /** The machine has stopped inside a run of the log: entries and marks belong to the end of that run. */
  #betweenSlices = false

  constructor(parts: { machine: Machine; received: ReceiveBuffer; outputs: HeldOutputs; deadlines: Deadlines }) {
    this.#machine = parts.machine
    this.#received = parts.received
    this.#outputs = parts.outputs
    this.#deadlines = parts.deadlines
  }

  receive(seq: number, entries: readonly LogEntry[]): void {
    this.#received.add(seq, entries)
    for (const entry of entries) if (entry.kind === Kind.progress) this.#ahead.push(entry)
  }

  /** Seq of the last entry executed. */
  get replayedSeq(): number {
    return this.#received.headSeq - 1
  }

  /**
   * Applies entries up to where the machine must run or wait.
   * @param drain no more entries will come; the journal answers from the world when they are used up
   * @param quantumTicks how far to run at most before other events are let in
   * @throws Divergence
   */
  next(drain: boolean, quantumTicks: number): ReplayStep {
    if (this.#machine.running) return { do: 'wait' }
    if (!this.#betweenSlices) this.#applyAtRest()
    const head = this.#received.head()
    if (head === undefined && (!drain || this.#machine.idle || this.#machine.ended)) return { do: drain ? 'drained' : 'wait' }
    if (this.#machine.idle || this.#machine.ended) throw this.#diverged(`entry kind ${head!.kind} where nothing runs`)
    const target = this.#ahead[0]
    if (target !== undefined) return { do: 'run', untilTick: Math.min(limitOf(target), this.#machine.ticks + quantumTicks) }
    if (!drain) return { do: 'wait' }
    if (head === undefined) return { do: 'drained' }
    this.#beyondLog = true
    return { do: 'run', untilTick: this.#machine.ticks + quantumTicks }
  }

  /**
   * Checks where a run came to rest against the log.
   * @returns false if the log ended inside this run: its outputs and progress are the new primary's to log
   * @throws Divergence
   */
  rested(stop: Stop): boolean {
    if (this.#beyondLog) {
      if (this.#received.head() === undefined) return false
      // Our quantum may be shorter than the primary's: the rest of its run is in further slices of ours.
      if (stop.kind === 'tick') return true
      throw this.#diverged('the guest stopped before using up its log')
    }
    const target = this.#ahead[0]
    this.#betweenSlices = stop.kind === 'tick' && target !== undefined && this.#machine.ticks < limitOf(target)
    if (this.#betweenSlices) return true
    this.#checkMark()
    const head = this.#received.head()
    if (head?.kind !== Kind.progress) throw this.#diverged(`the guest rests, the log goes on with entry kind ${head?.kind ?? 'none'}`)
    const reached = stop.kind === 'tick' ? Reached.tick : stop.kind === 'idle' ? Reached.idle : Reached.ended
    if (head.reached !== reached || head.tick !== this.#machine.ticks) {
      const primary = `the primary at tick ${head.tick} (${head.reached})`
      throw this.#diverged(`the guest rests at tick ${this.#machine.ticks} (${reached}), ${primary}`)
    }
    this.#ahead.shift()
    this.#received.shift()
    return true
  }

  #applyAtRest(): void {
    for (let head = this.#received.head(); head !== undefined; head = this.#received.head()) {
      if (isDeviceEvent(head)) {
        if (head.kind === Kind.timer) this.#deadlines.disarm(head.timer)
        this.#machine.inject(head)
      } else if (head.kind === Kind.interrupt) this.#interrupt(head.causes, head.tick)
      else if (head.kind === Kind.stateHash) this.#checkHash(head)
      else if (head.kind === Kind.outputMark && this.#machine.idle) {
        this.#checkMark()
        continue
      } else if (head.kind !== Kind.control && head.kind !== Kind.protectedMark) return
      this.#received.shift()
    }
  }

  #interrupt(causes: number, tick: number): void {
    const machine = this.#machine
    if (tick !== machine.ticks) throw this.#diverged(`interrupt at tick ${tick}, the machine is at ${machine.ticks}`)
    if (causes !== machine.dueCauses()) throw this.#diverged(`interrupt for causes ${causes}, due are ${machine.dueCauses()}`)
    machine.interrupt(causes)
  }

  #checkHash(entry: StateHashEntry): void {
    const machine = this.#machine
    const mine = pageHashes(machine, entry.firstPage, entry.pageHashes.length / 4)
    const page = firstDifference(mine, entry.pageHashes)
    const hash = machine.stateHash(0, 0)
    if (page < 0 && hash === entry.hash && entry.tick === machine.ticks) return
    const registers = `the hash of registers and devices is ${hash}, the primary's is ${entry.hash}`
    const what = page < 0 ? registers : `memory page ${entry.firstPage + page} differs`
    const divergence = this.#diverged(`${what}; the primary is at tick ${entry.tick}`)
    throw page < 0 ? divergence : divergence.onPage(entry.firstPage + page)
  }

  #checkMark(): void {
    const unmarked = this.#outputs.unmarked
    const head = this.#received.head()
    if (head?.kind !== Kind.outputMark) {
      if (unmarked.count > 0) throw this.#diverged(`${unmarked.count} outputs that the primary did not make`)
      return
    }
    if (!equalMarks(head, unmarked)) {
      throw this.#diverged(`outputs differ: ${unmarked.count} of ${unmarked.bytes} bytes, the primary made ${head.count} of ${head.bytes}`)
    }
    this.#outputs.mark(this.#received.headSeq)
    this.#received.shift()
  }

  #diverged(what: string): Divergence {
    return new Divergence(this.#received.headSeq, this.#machine.ticks, what)
  }
}

/** Where a run must have come to rest: one that ended by itself does so before the next tick. */
function limitOf({ reached, tick }: ProgressEntry): number {
  return reached === Reached.tick ? tick : tick + 1
}

function equalMarks(a: OutputMarkEntry, b: { count: number; bytes: number; checksum: number }): boolean {
  return a.count === b.count && a.bytes === b.bytes && a.checksum === b.checksum
}

/** Index of the first 32-bit word that differs, -1 if none does. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at < 0 ? -1 : at >> 2
}
