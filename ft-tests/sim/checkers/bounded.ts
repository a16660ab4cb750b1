/** Nothing grows without limit: unacknowledged entries, entries to be replayed, what the switch holds (§3.2). */
import { HELD_BYTES_MAX } from '../../../hypervisor/switch/limits.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import type { Command, ReplicaEvent } from '../../../hypervisor/ft/events.ts'
import type { Phase } from '../../../hypervisor/ft/phase.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'
import type { SimReplica } from '../sim-replica.ts'

/** Timers and the interrupt that are captured with the last input that found room. */
const captureEntriesMax = 65

export class Bounded extends Checker {
  readonly name = 'Bounded'
  readonly #sim: Simulation
  #isFirstFrame = false
  /** Entries of the longest run so far: what a window or buffer may hold beyond its size. */
  #runEntriesMax = 0
  #stepEntries = 0
  /** Entries that leave with the commands of this step, on one connection. */
  #newEntries = 0

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onFrameSent(replica: SimReplica, frame: LogFrame): void {
    this.#stepEntries += frame.entries.length
    this.#runEntriesMax = Math.max(this.#runEntriesMax, this.#stepEntries)
    if (!this.#isFirstFrame) return
    this.#isFirstFrame = false
    const most = this.#sim.options.windowEntriesMax + captureEntriesMax
    // The window counts the frame that is just leaving.
    const unacked = Math.max(...replica.status.backups.map(({ entriesBehind }) => entriesBehind)) - this.#newEntries
    if (unacked > most) this.fail(`${replica.name} goes on with ${unacked} entries not acknowledged, at most ${most} may be`)
  }

  override onStepped(replica: SimReplica, _event: ReplicaEvent, _phase: Phase, commands: readonly Command[]): void {
    this.#isFirstFrame = true
    this.#newEntries = entriesIn(commands)
    this.#stepEntries = 0
    const { bufferedEntries } = replica.status
    const most = this.#sim.options.windowEntriesMax + captureEntriesMax + 2 * this.#runEntriesMax
    if (bufferedEntries > most) this.fail(`${replica.name} holds ${bufferedEntries} entries, at most ${most} may be`)
    if (this.#sim.switch.core.heldBytes > HELD_BYTES_MAX) this.fail(`the switch holds ${this.#sim.switch.core.heldBytes} bytes`)
  }
}

function entriesIn(commands: readonly Command[]): number {
  const sent = new Map<number, number>()
  for (const command of commands) {
    if (command.do !== 'peer' || command.message.type !== 'log') continue
    sent.set(command.peer, (sent.get(command.peer) ?? 0) + command.message.entries.length)
  }
  return Math.max(0, ...sent.values())
}
