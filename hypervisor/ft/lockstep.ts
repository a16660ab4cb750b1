/**
 * A machine with its log, both ways: what a replica drives. Live, it captures and holds outputs; replaying, it follows
 * the received entries; draining, it uses them up and goes on by itself. Which of these is the role's decision
 * (replica.ts), not made here.
 */
import type { Checksum } from '../../logging-channel/crc32.ts'
import { ControlOperation, Kind, type SwitchInput } from '../../logging-channel/entries.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'
import { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import type { Outside } from '../devices/device.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import { Deadlines } from './deadlines.ts'
import { HeldOutputs, type OutputRange } from './held-outputs.ts'
import { Journal } from './journal.ts'
import { LiveRun } from './live-run.ts'
import { type FlushedFrame, LogWriter } from './log-writer.ts'
import { ReplayRun, type ReplayStep } from './replay-run.ts'
import type { SnapshotSource } from './snapshot-sender.ts'
import { StateDecoder, StateEncoder } from './state-bytes.ts'
import { StateHashSchedule } from './state-hash-schedule.ts'
import type { World } from './world.ts'

export type LockstepLimits = {
  readonly windowBytesMax: number
  readonly windowEntriesMax: number
  readonly stateHashIntervalMs: number
}

export type LockstepStatus = {
  readonly ticks: number
  readonly lastSeq: number
  readonly replayedSeq: number
  readonly heldOutputs: number
  readonly bufferedEntries: number
}

/** A position in the log and the whole state there. `copyMs`: how long the machine stood still for it. */
export type Snapshot = { readonly seq: number; readonly source: SnapshotSource; readonly copyMs: number }

/** Undelivered output bytes above which a live replica takes no more input. */
const outputBytesMax = 64 * 1024 * 1024
/** The engine has its own, perhaps lower, limit: this one only bounds what is received before it can look. */
const memoryPagesMax = 65536

export class Lockstep {
  readonly machine: Machine
  readonly outputs: HeldOutputs
  readonly received: ReceiveBuffer
  readonly #world: World
  readonly #checksum: Checksum
  readonly #deadlines = new Deadlines()
  readonly #log = new LogWriter()
  readonly #journal: Journal
  readonly #live: LiveRun
  readonly #replay: ReplayRun
  /** The operator's power off is in the received log: there is nothing to take over any more (P3.3-2). */
  poweredOff = false
  #deliveredByPrimary = 0

  constructor(limits: LockstepLimits, world: World, checksum: Checksum, createMachine: (outside: Outside) => Machine) {
    const bounds = { bytesMax: limits.windowBytesMax, entriesMax: limits.windowEntriesMax }
    this.outputs = new HeldOutputs(checksum)
    this.#world = world
    this.#checksum = checksum
    this.received = new ReceiveBuffer(bounds)
    const parts = {
      received: this.received, log: this.#log, outputs: this.outputs, deadlines: this.#deadlines, world,
      hashes: new StateHashSchedule(limits.stateHashIntervalMs), ticks: () => this.machine.ticks
    }
    this.#journal = new Journal(parts)
    this.machine = createMachine(this.#journal)
    this.#live = new LiveRun({ ...parts, machine: this.machine })
    this.#replay = new ReplayRun({ ...parts, machine: this.machine })
  }

  get lastSeq(): number {
    return this.#log.lastSeq
  }

  get replayedSeq(): number {
    return this.#replay.replayedSeq
  }

  /** The earliest guest timer, on the world's monotonic clock in microseconds. */
  get nextDeadlineUs(): number {
    return this.#deadlines.nextUs
  }

  /** Number of the next input that the switch may send. */
  get nextInput(): number {
    return this.#live.nextInput
  }

  offer(inputs: readonly SwitchInput[]): void {
    this.#live.offer(inputs)
  }

  forgetInputs(): void {
    this.#live.forgetInputs()
  }

  /** The journal may ask the world from here on. */
  goLive(): void {
    this.#journal.live = true
  }

  /** No more entries will come: what is received is used up, and the log goes on behind it (P2.3-2). */
  startDraining(): void {
    this.#log.continueAfter(this.received.receivedSeq)
    this.goLive()
  }

  logPowerOff(): void {
    this.#log.append({ kind: Kind.control, operation: ControlOperation.powerOff })
  }

  /** The primary hands over to its backup (§3.3): nothing follows in its log. */
  logStepDown(): void {
    this.#log.append({ kind: Kind.control, operation: ControlOperation.stepDown })
  }

  /** From this entry on `replica` may take over in `term`. @returns its seq */
  logProtectedMark(term: number, replica: string): number {
    return this.#log.append({ kind: Kind.protectedMark, term, replica })
  }

  /** True where the machine can be copied: between events, every output under its mark, and the whole log flushed. */
  get atBoundary(): boolean {
    const { machine, outputs } = this
    return machine.idle && !machine.running && !machine.ended && outputs.unmarked.count === 0 && this.#log.pendingEntries === 0
  }

  /** Copies the whole state, at a boundary. The copy stays as it is while the machine goes on. @param room takes the copy of memory */
  takeSnapshot(image: string, room: Uint8Array): Snapshot {
    if (!this.atBoundary) throw new Error('a snapshot is taken between events only')
    const startUs = this.#world.monotonicUs()
    const timers = this.#deadlines.save(startUs)
    const machine = this.machine.snapshot(room)
    const copyMs = (this.#world.monotonicUs() - startUs) / 1000
    const state = { clocks: this.#journal.clocks.save(), timers, outputs: this.outputs.save() }
    return { seq: this.lastSeq, source: new StateEncoder(state, machine, image, this.#checksum), copyMs }
  }

  /** What takes the bytes of a snapshot of `image`, piece by piece. */
  stateDecoder(image: string): StateDecoder {
    return new StateDecoder({ image, memoryPagesMax }, this.#checksum, (bytes) => this.machine.restoreRoom(bytes))
  }

  /** Takes on the state of a primary. @throws if it is not one of this machine, or not whole */
  restore(decoder: StateDecoder): void {
    const { state, machine } = decoder.result()
    this.machine.restore(machine)
    this.#journal.clocks.restore(state.clocks)
    const nowUs = this.#world.monotonicUs()
    for (const { timer, leftUs } of state.timers) this.#deadlines.arm(timer, nowUs + leftUs)
    this.outputs.restore(state.outputs)
  }

  /** True if the machine is to be run now. `isWindowFull`: a backup's window, with so much pending, takes no more. */
  prepareLive(isWindowFull: (pendingBytes: number, pendingEntries: number) => boolean): boolean {
    const isFull = (): boolean =>
      this.outputs.bytes >= outputBytesMax || isWindowFull(this.#log.pendingBytes, this.#log.pendingEntries)
    return this.#live.prepare(isFull)
  }

  receive(frame: LogFrame): void {
    this.#replay.receive(frame.seq, frame.entries)
    if (frame.entries.some((entry) => entry.kind === Kind.control && entry.operation === ControlOperation.powerOff)) this.poweredOff = true
    this.primaryDelivered(frame.outputsDelivered)
  }

  /** The switch has outputs up to this number, says the primary. This replica may not have made them yet. */
  primaryDelivered(through: number): void {
    this.#deliveredByPrimary = Math.max(this.#deliveredByPrimary, through)
  }

  /** @throws Divergence */
  nextReplay(draining: boolean, quantumTicks: number): ReplayStep {
    const step = this.#replay.next(draining, quantumTicks)
    this.outputs.delivered(Math.min(this.#deliveredByPrimary, this.outputs.emitted))
    return step
  }

  /** Takes note of where a run came to rest. @throws Divergence */
  rested(stop: Stop, replaying: boolean, nowMs: number): void {
    if (!replaying || !this.#replay.rested(stop)) this.#live.rested(stop, nowMs)
  }

  /** Everything appended since the last flush, as frames to send. */
  flush(term: number): readonly FlushedFrame[] {
    return this.#log.flush(term, this.outputs.firstUndelivered - 1)
  }

  /** Without a backup nothing is sent. */
  dropLog(): void {
    this.#log.drop()
  }

  /** The output rule (P2.2-2): what every backup that may take over has acknowledged may go. */
  release(ackedSeq: number): OutputRange | undefined {
    return this.outputs.release(ackedSeq)
  }

  status(): LockstepStatus {
    const { machine, lastSeq, replayedSeq, outputs, received } = this
    return { ticks: machine.ticks, lastSeq, replayedSeq, heldOutputs: outputs.held, bufferedEntries: received.length }
  }
}
