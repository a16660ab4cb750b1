/**
 * A machine with its log, both ways: what a replica drives. Live, it captures and holds outputs; replaying, it follows
 * the received entries; draining, it uses them up and goes on by itself. Which of these is the role's decision
 * (replica.ts), not made here.
 */
import type { Checksum } from '../../logging-channel/crc32.ts'
import { ControlOperation, Kind, type SwitchInput } from '../../logging-channel/entries.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'
import { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import { SendWindow } from '../../logging-channel/send-window.ts'
import type { Outside } from '../devices/device.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import { Deadlines } from './deadlines.ts'
import { HeldOutputs, type OutputRange } from './held-outputs.ts'
import { Journal } from './journal.ts'
import { LiveRun } from './live-run.ts'
import { LogWriter } from './log-writer.ts'
import { ReplayRun, type ReplayStep } from './replay-run.ts'
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
  readonly ackedSeq: number
  readonly replayedSeq: number
  readonly heldOutputs: number
  readonly bufferedEntries: number
}

/** Undelivered output bytes above which a live replica takes no more input. */
const outputBytesMax = 64 * 1024 * 1024

export class Lockstep {
  readonly machine: Machine
  readonly outputs: HeldOutputs
  readonly received: ReceiveBuffer
  readonly window: SendWindow
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
    this.window = new SendWindow(bounds)
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

  /** True if the machine is to be run now. `alone`: no backup's window bounds what may be captured. */
  prepareLive(alone: boolean): boolean {
    return this.#live.prepare(() => this.#isFull(alone))
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

  /** The frames to send, entered in the window of unacknowledged ones. */
  flush(term: number): readonly LogFrame[] {
    const frames = this.#log.flush(term, this.outputs.firstUndelivered - 1)
    for (const { lastSeq, bytes } of frames) this.window.add(lastSeq, bytes, this.machine.inputsInjected)
    return frames.map(({ frame }) => frame)
  }

  /** Without a backup nothing is sent. */
  dropLog(): void {
    this.#log.drop()
  }

  /** The output rule (P2.2-2): alone there is nobody to wait for; else what the backup has acknowledged may go. */
  release(alone: boolean): OutputRange | undefined {
    return this.outputs.release(alone ? Infinity : this.window.ackedSeq)
  }

  /** The switch may forget its inputs up to this number: no failover can need them any more. */
  safeInputs(alone: boolean): number {
    return alone ? this.machine.inputsInjected : this.window.inputsThrough
  }

  status(): LockstepStatus {
    const { machine, lastSeq, window, replayedSeq, outputs, received } = this
    const { ackedSeq } = window
    return { ticks: machine.ticks, lastSeq, ackedSeq, replayedSeq, heldOutputs: outputs.held, bufferedEntries: received.length }
  }

  #isFull(alone: boolean): boolean {
    if (this.outputs.bytes >= outputBytesMax) return true
    return !alone && this.window.isFull(this.#log.pendingBytes, this.#log.pendingEntries)
  }
}
