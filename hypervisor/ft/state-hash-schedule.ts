/** When a state hash is due and over which pages: a window rolls over memory, so that big memories stay cheap (DESIGN §2). */
import { Kind, type StateHashEntry } from '../../logging-channel/entries.ts'
import type { Machine } from '../machine/machine.ts'

const pagesPerHash = 16

export class StateHashSchedule {
  readonly #intervalMs: number
  #nextMs = 0
  #nextPage = 0

  /** @param intervalMs time between hashes; the whole memory is covered once in pages / 16 intervals */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** The entry for an idle machine, or undefined if none is due yet. */
  due(machine: Machine, nowMs: number): StateHashEntry | undefined {
    if (nowMs < this.#nextMs) return undefined
    this.#nextMs = nowMs + this.#intervalMs
    if (this.#nextPage >= machine.memoryPages) this.#nextPage = 0
    const firstPage = this.#nextPage
    const pages = Math.min(pagesPerHash, machine.memoryPages - firstPage)
    this.#nextPage += pages
    const hash = machine.stateHash(0, 0)
    return { kind: Kind.stateHash, tick: machine.ticks, firstPage, hash, pageHashes: pageHashes(machine, firstPage, pages) }
  }
}

/** A hash over each of `pages` memory pages, as a state hash entry has them. */
export function pageHashes(machine: Machine, firstPage: number, pages: number): Uint8Array {
  const bytes = new Uint8Array(pages * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < pages; i++) view.setUint32(i * 4, machine.pageHash(firstPage + i), true)
  return bytes
}
