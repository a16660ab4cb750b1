/**
 * The places where a replica can die: before and after each command that its core gives its host (a frame of log entries that was
 * appended, an ack, a release of outputs, a piece of a snapshot, ...). Nothing of a replica leaves it anywhere else.
 */
import type { Command } from '../../hypervisor/ft/events.ts'

export class CrashGate {
  /** Places passed since it was armed. */
  passed = 0
  /** Where it died: `after X, before Y`. */
  diedAt: string | undefined
  #dieAt = Infinity
  #isArmed = false
  readonly #die: () => void

  /** @param die ends the replica as SIGKILL would */
  constructor(die: () => void) {
    this.#die = die
  }

  get isDead(): boolean {
    return this.diedAt !== undefined
  }

  /** From here on places count, and at the `dieAt`-th (from 1) the replica dies. */
  arm(dieAt: number): void {
    this.#isArmed = true
    this.passed = 0
    this.#dieAt = dieAt
  }

  /** Death at a moment that is no place of its own. */
  dieNow(): void {
    if (this.isDead) return
    this.diedAt = 'after rest, before rest'
    this.#die()
  }

  /** Hands on one step's commands for as long as the replica lives. */
  * through(commands: readonly Command[]): Generator<Command> {
    let last = 'rest'
    for (const command of commands) {
      const name = nameOf(command)
      if (this.#dies(`after ${last}, before ${name}`)) return
      last = name
      yield command
    }
    if (commands.length > 0) this.#dies(`after ${last}, before rest`)
  }

  #dies(place: string): boolean {
    if (!this.#isArmed || this.isDead) return this.isDead
    if (++this.passed < this.#dieAt) return false
    this.diedAt = place
    this.#die()
    return true
  }
}

/** What a place's two names are, `rest` aside. */
export function stepsOf(place: string): string[] {
  const [, after, before] = /^after (.+), before (.+)$/.exec(place) as unknown as [string, string, string]
  return [`after ${after}`, `before ${before}`].filter((name) => !name.endsWith(' rest'))
}

function nameOf(command: Command): string {
  if (command.do === 'peer') return `send ${command.message.type}`
  if (command.do === 'switch') return `send ${[...new Set(command.messages.map(({ type }) => type))].join('+')}`
  if (command.do === 'report') return `report ${command.report.event}`
  return command.do
}
