/**
 * How much is read from clients (DESIGN §4, backpressure reaches the client's TCP window): per connection up to
 * its receive space, over all of them up to `HELD_BYTES_MAX`. Held bytes wait for a number or for their ack.
 */
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { SwitchClient } from './client.ts'
import type { SwitchCommand } from './commands.ts'
import { CONSOLE_BYTES_MAX, HELD_BYTES_MAX, INPUT_OVERHEAD_BYTES, RECEIVE_SPACE_BYTES, RESUME_SPACE_BYTES } from './limits.ts'

export class ReadFlow {
  readonly #clients: ReadonlySet<SwitchClient>
  readonly #command: (command: SwitchCommand) => void
  #heldBytes = 0
  #consoleBytes = 0
  #consolePaused = false
  #full = false

  constructor(clients: ReadonlySet<SwitchClient>, command: (command: SwitchCommand) => void) {
    this.#clients = clients
    this.#command = command
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes
    if (!this.#full && this.#heldBytes > HELD_BYTES_MAX) this.#setFull(true)
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes
    if (this.#heldBytes < 0) throw new Error('more bytes were released than held')
    if (this.#full && this.#heldBytes < HELD_BYTES_MAX * 0.75) this.#setFull(false)
  }

  holdConsole(bytes: number): void {
    this.hold(bytes)
    this.#consoleBytes += bytes
    this.#settleConsole()
  }

  /** The input's entry is acknowledged: its bytes are no longer held. */
  releaseInput(input: SwitchInput): void {
    const bytes = input.kind === Kind.netData || input.kind === Kind.console ? input.bytes.length : 0
    this.release(bytes + INPUT_OVERHEAD_BYTES)
    if (input.kind !== Kind.console) return
    this.#consoleBytes -= bytes
    this.#settleConsole()
  }

  /** Pauses or resumes reading from `client`, if that is due. */
  settle(client: SwitchClient): void {
    const space = RECEIVE_SPACE_BYTES - client.inFlightBytes - client.waitingBytes
    const paused = this.#full || (client.paused ? space < RESUME_SPACE_BYTES : space <= 0)
    if (paused === client.paused) return
    client.paused = paused
    if (!client.peerEnded && !client.gone) this.#command({ kind: paused ? 'pause' : 'resume', client })
  }

  #settleConsole(): void {
    const paused = this.#consoleBytes > CONSOLE_BYTES_MAX
    if (paused === this.#consolePaused) return
    this.#consolePaused = paused
    this.#command({ kind: paused ? 'pauseConsole' : 'resumeConsole' })
  }

  #setFull(full: boolean): void {
    this.#full = full
    for (const client of this.#clients) this.settle(client)
  }
}
