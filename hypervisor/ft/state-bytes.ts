/** The whole of a snapshot as bytes: the replica's own state, after its length as u32, then the machine's (see its README). */
import type { Checksum } from '../../logging-channel/crc32.ts'
import { SnapshotDecoder, type SnapshotExpectation } from '../machine/snapshot-decoder.ts'
import { SnapshotEncoder } from '../machine/snapshot-encoder.ts'
import type { MachineSnapshot } from '../machine/snapshot-format.ts'
import { decodeReplicaState, encodeReplicaState, type ReplicaState } from './replica-state.ts'
import type { SnapshotSource } from './snapshot-sender.ts'

const lengthBytes = 4
const pieceBytes = 1024 * 1024
/** Largest state of a replica: outputs that wait are bounded, and so is what else there is. */
const stateBytesMax = 256 * 1024 * 1024

export class StateEncoder implements SnapshotSource {
  readonly #head: Uint8Array
  readonly #machine: SnapshotEncoder
  #headSent = 0

  constructor(state: ReplicaState, machine: MachineSnapshot, image: string, checksum: Checksum) {
    const encoded = encodeReplicaState(state)
    this.#head = new Uint8Array(lengthBytes + encoded.length)
    new DataView(this.#head.buffer).setUint32(0, encoded.length, true)
    this.#head.set(encoded, lengthBytes)
    this.#machine = new SnapshotEncoder(machine, image, checksum)
  }

  get doneBytes(): number {
    return this.#headSent + this.#machine.doneBytes
  }

  get totalBytes(): number {
    return this.#head.length + this.#machine.totalBytes
  }

  next(): Uint8Array | undefined {
    if (this.#headSent === this.#head.length) return this.#machine.next()
    const bytes = this.#head.subarray(this.#headSent, this.#headSent + pieceBytes)
    this.#headSent += bytes.length
    return bytes
  }
}

export class StateDecoder {
  readonly #machine: SnapshotDecoder
  readonly #length = new Uint8Array(lengthBytes)
  #head: Uint8Array | undefined
  #filled = 0

  constructor(expected: SnapshotExpectation, checksum: Checksum, memoryOf?: (bytes: number) => Uint8Array) {
    this.#machine = new SnapshotDecoder(expected, checksum, memoryOf)
  }

  /** @throws Error if the bytes are no snapshot of this machine; the decoder is of no use afterwards */
  push(bytes: Uint8Array): void {
    let at = 0
    if (this.#head === undefined) {
      at = this.#fill(this.#length, bytes, 0)
      if (this.#filled < lengthBytes) return
      const length = new DataView(this.#length.buffer).getUint32(0, true)
      if (length > stateBytesMax) throw new Error(`a snapshot with ${length} bytes besides the machine, at most ${stateBytesMax} are taken`)
      this.#head = new Uint8Array(length)
      this.#filled = 0
    }
    if (this.#filled < this.#head.length) at = this.#fill(this.#head, bytes, at)
    if (at < bytes.length) this.#machine.push(bytes.subarray(at))
  }

  /** @throws Error if bytes are missing */
  result(): { readonly state: ReplicaState; readonly machine: MachineSnapshot } {
    const machine = this.#machine.result()
    return { state: decodeReplicaState(this.#head!), machine }
  }

  #fill(target: Uint8Array, bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + target.length - this.#filled)
    target.set(bytes.subarray(at, end), this.#filled)
    this.#filled += end - at
    return end
  }
}
