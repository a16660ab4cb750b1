/**
 * All that clients were told must fit into one history of the machine (§2.2, P2.2-1): the same draw of random bytes
 * never has two values, reply numbers are given once, and what comes later in the history shows a later clock.
 */
import { Violation } from '../checker.ts'

type Seen = { readonly client: string; readonly draws: number; readonly us: number }

export class History {
  readonly #drawHashes = new Map<number, number>()
  readonly #replies = new Map<number, Seen>()

  observe(client: string, global: number, draws: number, drawHash: number, us: number): void {
    const known = this.#drawHashes.get(draws)
    if (known !== undefined && known !== drawHash) {
      throw new Violation('History', `two clients saw different random bytes for draw ${draws}: the machine's past was rewritten`)
    }
    this.#drawHashes.set(draws, drawHash)
    const other = this.#replies.get(global)
    if (other !== undefined) {
      throw new Violation('History', `reply ${global} of the service went to ${other.client} and to ${client}`)
    }
    this.#replies.set(global, { client, draws, us })
  }

  /** To be called at the end: replies in the order of their numbers. */
  check(): void {
    let last: Seen = { client: '', draws: 0, us: 0 }
    for (const [global, seen] of [...this.#replies].sort(([a], [b]) => a - b)) {
      if (seen.draws < last.draws || seen.us < last.us) {
        const earlier = `an earlier one showed ${last.draws} and ${last.us} µs`
        throw new Violation('History', `reply ${global} shows ${seen.draws} draws and clock ${seen.us} µs, ${earlier}`)
      }
      last = seen
    }
  }
}
