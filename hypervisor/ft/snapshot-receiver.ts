/** A snapshot as it arrives: pieces in order, handed on as they come. */
import type { SnapshotPiece } from '../../logging-channel/messages.ts'
import type { StateDecoder } from './state-bytes.ts'

export class SnapshotReceiver {
  readonly seq: number
  readonly #decoder: StateDecoder
  #received = 0
  #done = 0
  #total: number
  #isComplete = false

  /** @param decoder takes the bytes, and checks them */
  constructor(first: SnapshotPiece, decoder: StateDecoder) {
    this.seq = first.seq
    this.#total = first.total
    this.#decoder = decoder
  }

  get received(): number {
    return this.#received
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** How much of the state is here, for a person. */
  get progress(): string {
    return `it holds ${this.#done} of ${this.#total} bytes of the machine's state`
  }

  /** @throws if the piece is not the very next one of this snapshot, or its bytes are damaged */
  take(piece: SnapshotPiece): void {
    if (this.#isComplete) throw new Error('a snapshot piece after the last one')
    if (piece.seq !== this.seq || piece.offset !== this.#received) {
      const expected = `offset ${this.#received} at seq ${this.seq}`
      throw new Error(`snapshot piece at offset ${piece.offset} at seq ${piece.seq}: ${expected} must come next`)
    }
    this.#decoder.push(piece.bytes)
    this.#received += piece.bytes.length
    this.#done = piece.done
    this.#isComplete = piece.last
  }
}
