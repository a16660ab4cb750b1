/**
 * The machine: one guest, its engine and its devices. Pure: the same image and the same entries give the same
 * machine, bit for bit. It never asks where an entry came from.
 */
import { Kind, type LogEntry, type SwitchInput, type TimerEntry } from '../../logging-channel/entries.ts'
import { ClockDevice } from '../devices/clock.ts'
import { ConsoleDevice } from '../devices/console.ts'
import { Cause, type Device, type Outside } from '../devices/device.ts'
import { EntropyDevice } from '../devices/entropy.ts'
import { GuestMemory } from '../devices/guest-memory.ts'
import { NetworkDevice } from '../devices/network.ts'
import { PowerDevice } from '../devices/power.ts'
import { TimerDevice } from '../devices/timer.ts'
import type { Engine, HostCalls, Stop } from './engine.ts'
import { pageBytes } from './memory-copy.ts'
import { restoreDevices, writeDevices } from './saved-devices.ts'
import type { MachineSnapshot } from './snapshot-format.ts'
import { StateHasher } from './state-hash.ts'

export { pageBytes }

/** An entry that happens to the machine, as against one that answers a call of its guest. */
export type DeviceEvent = SwitchInput | TimerEntry

export class Machine {
  readonly network: NetworkDevice
  readonly engine: Engine
  readonly #timer: TimerDevice
  readonly #console: ConsoleDevice
  readonly #devices: readonly Device[]
  /** Causes that may interrupt running code; the guest sets it, 0 at boot. */
  #preemptMask = 0
  #ended = false
  #running = false
  #atRest = true
  /** Inputs from the switch injected so far, over the machine's whole life. */
  inputsInjected = 0

  /** @param createEngine builds the engine over the machine's host calls; errors of a bad image come from there. */
  constructor(createEngine: (calls: HostCalls) => Engine, args: readonly string[], outside: Outside) {
    const memory = new GuestMemory()
    this.network = new NetworkDevice(memory, outside)
    this.#timer = new TimerDevice(outside)
    this.#console = new ConsoleDevice(memory, outside)
    this.#devices = [
      this.network, this.#timer, this.#console, new ClockDevice(outside), new EntropyDevice(memory, outside),
      new PowerDevice(memory, outside, encodeArguments(args))
    ]
    this.engine = createEngine(Object.assign({ preempt: (causes: number) => this.#preempt(causes) }, ...this.#devices.map((d) => d.calls)))
    memory.attach(this.engine)
  }

  get ticks(): number {
    return this.engine.ticks
  }

  /** True when no guest frame is left: the state is whole, and an interrupt starts at the bottom of the stack. */
  get idle(): boolean {
    return this.#atRest
  }

  /** True once the guest has trapped or powered off; it never runs again. */
  get ended(): boolean {
    return this.#ended
  }

  get running(): boolean {
    return this.#running
  }

  /** Where the guest trapped, to be put behind the trap's text; empty if that is not known. */
  get trapReport(): string {
    const place = this.engine.trapPlace
    return place === undefined ? '' : ` in function ${place.functionIndex}, at byte ${place.offset} of the guest's module`
  }

  boot(): void {
    this.engine.enter('ft_start', 0)
    this.#atRest = false
  }

  inject(entry: DeviceEvent): void {
    if (this.#running) throw new Error('an entry was injected into a running machine')
    if (entry.kind === Kind.timer) return this.#timer.inject(entry)
    this.inputsInjected++
    if (entry.kind === Kind.console) this.#console.inject(entry)
    else this.network.inject(entry)
  }

  /** Causes that an interrupt would deliver now: all when idle, the unmasked ones inside running code. */
  dueCauses(): number {
    if (this.#ended || this.#running) return 0
    let raised = 0
    for (const device of this.#devices) raised |= device.raised
    if (this.#atRest) return raised
    // A handler that interrupted running code is never interrupted itself.
    return this.engine.nesting > 1 ? 0 : raised & this.#preemptMask
  }

  /** Calls the guest's interrupt entry; `run` executes it. */
  interrupt(causes: number): void {
    if (causes === 0 || (causes & ~this.dueCauses()) !== 0) {
      throw new Error(`interrupt for causes ${causes}, due are ${this.dueCauses()}`)
    }
    for (const device of this.#devices) device.taken(causes)
    this.#atRest = false
    this.engine.enter('ft_interrupt', causes)
  }

  /** Runs as `Engine.run` does. Host errors are the replica's end: they come out as exceptions, never as stops. */
  run(untilTick: number, onStop: (stop: Stop) => void): void {
    if (this.#running || this.#atRest || this.#ended) throw new Error('nothing to run')
    this.#running = true
    this.engine.run(untilTick, (stop) => {
      this.#running = false
      if (stop.kind === 'idle') this.#atRest = true
      else if (stop.kind !== 'tick') this.#ended = true
      onStop(stop)
    })
  }

  get memoryPages(): number {
    return this.engine.memory().length / pageBytes
  }

  /** Hash over `pages` memory pages from `firstPage`, globals, changeable tables, device state and virtual time (DESIGN §2). */
  stateHash(firstPage: number, pages: number): number {
    const hasher = new StateHasher()
    const memory = this.engine.memory()
    hasher.integer(this.ticks)
    hasher.word(memory.length / pageBytes)
    hasher.word(this.inputsInjected)
    hasher.word(this.#preemptMask)
    hasher.words(this.engine.globals())
    hasher.words(this.engine.tables())
    for (const device of this.#devices) device.hash(hasher)
    const start = firstPage * pageBytes
    const bytes = Math.min(pages * pageBytes, memory.length - start)
    hasher.words(new Int32Array(memory.buffer, memory.byteOffset + start, bytes / 4))
    return hasher.digest()
  }

  /**
   * The whole machine, copied: it stays as it is while the guest goes on. Between events any engine can; with guest frames
   * on the stack (`idle` false) the interpreter only.
   * @param room as in `Engine.snapshot`
   * @throws Error while running, after the guest's end, or where the engine can't
   */
  snapshot(room?: Uint8Array): MachineSnapshot {
    if (this.#running || this.#ended) throw new Error(`snapshot of a machine that ${this.#running ? 'runs' : 'has ended'}`)
    const engine = this.engine.snapshot(room)
    const { inputsInjected } = this
    return { engine, devices: writeDevices({ inputsInjected, preemptMask: this.#preemptMask }, this.#devices) }
  }

  /** As `Engine.restoreRoom`: for a `SnapshotDecoder`, so that a restore is not another copy. */
  restoreRoom(bytes: number): Uint8Array {
    if (this.#running) throw new Error('room to restore a machine that runs')
    return this.engine.restoreRoom(bytes)
  }

  /**
   * Goes on from a snapshot of the same image and arguments, on this or the other engine, in the place of `boot`. Timers are
   * the caller's to arm: the outside is told nothing. A machine that failed to restore is of no further use.
   * @throws SnapshotError for devices of another shape; Error for an engine's state of another shape, or with guest frames
   */
  restore(snapshot: MachineSnapshot): void {
    if (this.#running) throw new Error('restore of a machine that runs')
    this.engine.restore(snapshot.engine)
    const { inputsInjected, preemptMask } = restoreDevices(snapshot.devices, this.#devices)
    this.inputsInjected = inputsInjected
    this.#preemptMask = preemptMask
    this.#ended = false
    this.#atRest = snapshot.engine.frames === undefined
  }

  /** Hash over one memory page; over nothing if there is no such page. */
  pageHash(page: number): number {
    const hasher = new StateHasher()
    const memory = this.engine.memory()
    const start = page * pageBytes
    if (start < memory.length) hasher.words(new Int32Array(memory.buffer, memory.byteOffset + start, pageBytes / 4))
    return hasher.digest()
  }

  #preempt(causes: number): number {
    const was = this.#preemptMask
    this.#preemptMask = causes & Cause.timer
    return was
  }
}

/** True for entries that happen to the machine (see `DeviceEvent`). */
export function isDeviceEvent(entry: LogEntry): entry is DeviceEvent {
  return (entry.kind >= Kind.timer && entry.kind <= Kind.console)
}

function encodeArguments(args: readonly string[]): Uint8Array {
  return new TextEncoder().encode(args.map((a) => `${a}\0`).join(''))
}
