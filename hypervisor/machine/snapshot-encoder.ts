/** A snapshot as bytes, a slice at a time: the pause of the guest is over, and other work goes on between slices. */
import type { Checksum } from '../../logging-channel/crc32.ts'
import { isZero } from './memory-copy.ts'
import { FieldWriter } from './saved-fields.ts'
import {
  ChunkKind, HEADER_BYTES, MAGIC, PART_BYTES_MAX, SNAPSHOT_VERSION, STEP_BYTES, SUMMED_BYTES, type MachineSnapshot
} from './snapshot-format.ts'

/** Bytes looked at in one slice, zeroes or not. */
const sliceBytesMax = 4 * 1024 * 1024

export class SnapshotEncoder {
  readonly #checksum: Checksum
  readonly #regions: readonly Uint8Array[]
  readonly #begin: Uint8Array
  readonly totalBytes: number
  #state: 'begin' | 'parts' | 'end' | 'done' = 'begin'
  #region = 0
  #offset = 0
  #parts = 0
  #sum = 0
  #doneBytes = 0

  /** @param image identity of the image, arguments and limits; a decoder that expects another one refuses */
  constructor(snapshot: MachineSnapshot, image: string, checksum: Checksum) {
    const { engine, devices } = snapshot
    this.#checksum = checksum
    const frames = engine.frames ?? new Uint8Array(0)
    this.#regions = [
      engine.memory, asBytes(engine.globals), frames, engine.droppedData, engine.droppedElements, devices,
      ...engine.tables.map(asBytes)
    ]
    this.totalBytes = this.#regions.reduce((sum, { length }) => sum + length, 0)
    const out = new FieldWriter()
    out.text(image)
    out.u64(engine.ticks)
    out.u8(engine.frames === undefined ? 0 : 1)
    out.u32(this.#regions.length)
    for (const { length } of this.#regions) out.u64(length)
    this.#begin = out.take()
  }

  /** How much of `totalBytes` has been looked at; for progress. */
  get doneBytes(): number {
    return this.#doneBytes
  }

  /** The next chunk or chunks; no bytes where a slice holds zeroes only; undefined after the last. */
  next(): Uint8Array | undefined {
    if (this.#state === 'done') return undefined
    if (this.#state === 'begin') {
      this.#state = 'parts'
      return this.#chunk(ChunkKind.begin, this.#begin)
    }
    const part = this.#state === 'parts' ? this.#nextPart() : undefined
    if (part !== undefined) return part
    this.#state = 'done'
    const out = new FieldWriter()
    out.u32(this.#parts)
    out.u32(this.#sum)
    return this.#chunk(ChunkKind.end, out.take())
  }

  /** Undefined after the last region; no bytes if the slice was all zeroes. */
  #nextPart(): Uint8Array | undefined {
    let looked = 0
    while (this.#region < this.#regions.length) {
      const region = this.#regions[this.#region]!
      while (this.#offset < region.length && looked < sliceBytesMax) {
        const from = this.#offset
        looked += this.#advance(region)
        if (this.#offset - from > 0 && !isZero(region.subarray(from, this.#offset))) return this.#part(region, from)
      }
      if (this.#offset < region.length) return new Uint8Array(0)
      this.#region++
      this.#offset = 0
    }
    return undefined
  }

  #advance(region: Uint8Array): number {
    const step = Math.min(STEP_BYTES, region.length - this.#offset)
    this.#offset += step
    this.#doneBytes += step
    return step
  }

  /** The part that starts at `from` with a step that isn't zero, and goes on up to one that is. */
  #part(region: Uint8Array, from: number): Uint8Array {
    while (this.#offset < region.length && this.#offset - from < PART_BYTES_MAX) {
      const step = region.subarray(this.#offset, this.#offset + STEP_BYTES)
      this.#advance(region)
      if (isZero(step)) return this.#fill(region.subarray(from, this.#offset - step.length), from)
    }
    return this.#fill(region.subarray(from, this.#offset), from)
  }

  #fill(bytes: Uint8Array, from: number): Uint8Array {
    const out = new FieldWriter(bytes.length + 16)
    out.u32(this.#region)
    out.u64(from)
    out.bytes(bytes)
    this.#parts++
    return this.#chunk(ChunkKind.part, out.take())
  }

  #chunk(kind: ChunkKind, payload: Uint8Array): Uint8Array {
    const chunk = new Uint8Array(HEADER_BYTES + payload.length)
    const view = new DataView(chunk.buffer)
    view.setUint32(0, MAGIC, true)
    view.setUint16(4, SNAPSHOT_VERSION, true)
    view.setUint16(6, kind, true)
    view.setUint32(8, payload.length, true)
    chunk.set(payload, HEADER_BYTES)
    const sum = this.#checksum(payload, this.#checksum(chunk.subarray(0, SUMMED_BYTES)))
    view.setUint32(12, sum, true)
    this.#sum = this.#checksum(chunk.subarray(12, 16), this.#sum)
    return chunk
  }
}

/** Views of words as bytes: this platform's order is little-endian, as WebAssembly's is. */
const asBytes = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
