/**
 * Drives a live machine: captures inputs and timers into the log, delivers interrupts, asks for runs, and marks
 * outputs and progress when a run comes to rest. One slice at a time; the replica performs the runs.
 */
import { Kind, Reached, type SwitchInput } from '../../logging-channel/entries.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import type { Deadlines } from './deadlines.ts'
import type { HeldOutputs } from './held-outputs.ts'
import type { LogWriter } from './log-writer.ts'
import type { StateHashSchedule } from './state-hash-schedule.ts'
import type { World } from './world.ts'

export class LiveRun {
  readonly #machine: Machine
  readonly #log: LogWriter
  readonly #outputs: HeldOutputs
  readonly #deadlines: Deadlines
  readonly #world: World
  readonly #hashes: StateHashSchedule
  /** Inputs received and not yet captured; `#taken` of them are. */
  #inputs: SwitchInput[] = []
  #taken = 0

  constructor(parts: {
    machine: Machine
    log: LogWriter
    outputs: HeldOutputs
    deadlines: Deadlines
    world: World
    hashes: StateHashSchedule
  }) {
    this.#machine = parts.machine
    this.#log = parts.log
    this.#outputs = parts.outputs
    this.#deadlines = parts.deadlines
    this.#world = parts.world
    this.#hashes = parts.hashes
  }

  /** Number of the next input expected from the switch. */
  get nextInput(): number {
    return this.#machine.inputsInjected + (this.#inputs.length - this.#taken) + 1
  }

  offer(inputs: readonly SwitchInput[]): void {
    for (const input of inputs) this.#inputs.push(input)
  }

  /** Forgets inputs not yet captured: the switch sends them again after an attach. */
  forgetInputs(): void {
    this.#inputs = []
    this.#taken = 0
  }

  /**
   * Captures what is there and prepares the next slice.
   * @param isFull asked before every capture (P3.2-3): a full buffer stops input, never loses it
   * @returns true if the machine is to be run now
   */
  prepare(isFull: () => boolean): boolean {
    const machine = this.#machine
    if (machine.running || machine.ended || isFull()) return false
    this.#captureInputs(isFull)
    this.#captureTimers()
    const causes = machine.dueCauses()
    if (causes !== 0) {
      this.#log.append({ kind: Kind.interrupt, causes, tick: machine.ticks })
      machine.interrupt(causes)
    }
    if (!machine.idle) return true
    this.#mark() // an entry alone may have made an output, such as a reset
    return false
  }

  /** Logs how far a run came. */
  rested(stop: Stop, nowMs: number): void {
    this.#mark()
    const reached = stop.kind === 'tick' ? Reached.tick : stop.kind === 'idle' ? Reached.idle : Reached.ended
    this.#log.append({ kind: Kind.progress, tick: this.#machine.ticks, reached })
    const hash = reached === Reached.idle ? this.#hashes.due(this.#machine, nowMs) : undefined
    if (hash !== undefined) this.#log.append(hash)
  }

  #captureInputs(isFull: () => boolean): void {
    while (this.#taken < this.#inputs.length && !isFull()) {
      const input = this.#inputs[this.#taken++]!
      this.#log.append(input)
      this.#machine.inject(input)
    }
    if (this.#taken === this.#inputs.length) this.forgetInputs()
  }

  #captureTimers(): void {
    if (this.#deadlines.nextUs === Infinity) return
    for (const timer of this.#deadlines.takeDue(this.#world.monotonicUs())) {
      this.#log.append({ kind: Kind.timer, timer })
      this.#machine.inject({ kind: Kind.timer, timer })
    }
  }

  #mark(): void {
    const unmarked = this.#outputs.unmarked
    if (unmarked.count === 0) return
    this.#outputs.mark(this.#log.append({ kind: Kind.outputMark, ...unmarked }))
  }
}
