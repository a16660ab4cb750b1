/** Bytes into a snapshot, in pieces of any size. Every chunk is checked before it is used; the first thing wrong is the end. */
import type { Checksum } from '../../logging-channel/crc32.ts'
import { pageBytes } from './memory-copy.ts'
import { parseFields } from './saved-fields.ts'
import { SnapshotError } from './snapshot-error.ts'
import {
  beginParser, ChunkKind, endParser, HEADER_BYTES, MAGIC, partParser, PAYLOAD_BYTES_MAX, Region, SNAPSHOT_VERSION, SUMMED_BYTES,
  type Begin, type End, type MachineSnapshot, type Part
} from './snapshot-format.ts'

/** Bound on all regions but memory together. */
const otherBytesMax = 256 * 1024 * 1024

export type SnapshotExpectation = {
  /** As given to the encoder. */
  readonly image: string
  readonly memoryPagesMax: number
}

export class SnapshotDecoder {
  readonly #expected: SnapshotExpectation
  readonly #checksum: Checksum
  readonly #memoryOf: (bytes: number) => Uint8Array
  /** The chunk being received: header, then payload. */
  #chunk = new Uint8Array(HEADER_BYTES)
  #filled = 0
  #begin: Begin | undefined
  #regions: Uint8Array[] = []
  #parts = 0
  #sum = 0
  #region = 0
  #offset = 0
  #ended = false

  /** @param memoryOf gives the zeroes in which memory of so many bytes is put together */
  constructor(expected: SnapshotExpectation, checksum: Checksum, memoryOf: (bytes: number) => Uint8Array = (n) => new Uint8Array(n)) {
    this.#expected = expected
    this.#memoryOf = memoryOf
    this.#checksum = checksum
  }

  /** True once everything is there. */
  get complete(): boolean {
    return this.#ended
  }

  /** @throws SnapshotError; the decoder is of no use afterwards */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#ended) throw new SnapshotError(`${bytes.length - at} bytes behind the end of the snapshot`)
      const count = Math.min(bytes.length - at, this.#chunk.length - this.#filled)
      this.#chunk.set(bytes.subarray(at, at + count), this.#filled)
      this.#filled += count
      at += count
      if (this.#filled === this.#chunk.length) this.#filledUp()
    }
  }

  /** @throws SnapshotError if bytes are missing */
  result(): MachineSnapshot {
    if (!this.#ended || this.#begin === undefined) throw new SnapshotError(`the snapshot is cut short after ${this.#parts} parts`)
    const { ticks, hasFrames } = this.#begin
    const [memory, globals, frames, droppedData, droppedElements, devices] = this.#regions as readonly Uint8Array[]
    return {
      devices: devices!,
      engine: {
        ticks, globals: asWords(globals!), tables: this.#regions.slice(Region.tables).map(asWords), droppedData: droppedData!,
        droppedElements: droppedElements!, memory: memory!, ...(hasFrames === 1 ? { frames: frames! } : {})
      }
    }
  }

  #filledUp(): void {
    const view = new DataView(this.#chunk.buffer)
    const length = view.getUint32(8, true)
    if (this.#filled === HEADER_BYTES) {
      checkHeader(view, length)
      if (length > 0) {
        const whole = new Uint8Array(HEADER_BYTES + length)
        whole.set(this.#chunk)
        this.#chunk = whole
        return
      }
    }
    this.#take(view.getUint16(6, true), view.getUint32(12, true))
    this.#chunk = new Uint8Array(HEADER_BYTES)
    this.#filled = 0
  }

  #take(kind: number, sum: number): void {
    const payload = this.#chunk.subarray(HEADER_BYTES)
    const computed = this.#checksum(payload, this.#checksum(this.#chunk.subarray(0, SUMMED_BYTES)))
    if (computed !== sum) throw new SnapshotError(`the snapshot is damaged: checksum ${sum}, its bytes give ${computed}`)
    if ((kind === ChunkKind.begin) !== (this.#begin === undefined)) {
      throw new SnapshotError(`a chunk of kind ${kind} out of its place`)
    }
    if (kind === ChunkKind.end) this.#end(parseFields<End>(endParser, payload, 'the end of the snapshot'))
    this.#sum = this.#checksum(this.#chunk.subarray(SUMMED_BYTES, HEADER_BYTES), this.#sum)
    if (kind === ChunkKind.begin) this.#allocate(parseFields<Begin>(beginParser, payload, 'the beginning of the snapshot'))
    if (kind === ChunkKind.part) this.#put(parseFields<Part>(partParser, payload, `part ${this.#parts} of the snapshot`))
  }

  #allocate(begin: Begin): void {
    if (begin.image !== this.#expected.image) {
      throw new SnapshotError(`the snapshot is of image ${begin.image}, this machine's is ${this.#expected.image}`)
    }
    this.#begin = begin
    const lengths = begin.lengths.map(({ bytes }) => bytes)
    this.#checkLengths(lengths)
    if (begin.hasFrames > 1) throw new SnapshotError(`hasFrames is ${begin.hasFrames}: must be 0 or 1`)
    this.#regions = lengths.map((bytes, region) => (region === Region.memory ? this.#memoryOf(bytes) : new Uint8Array(bytes)))
  }

  #checkLengths(lengths: readonly number[]): void {
    if (lengths.length < Region.tables) {
      throw new SnapshotError(`${lengths.length} regions in the snapshot, ${Region.tables} or more are due`)
    }
    const memory = lengths[Region.memory]!
    const memoryMax = this.#expected.memoryPagesMax * pageBytes
    if (memory % pageBytes !== 0 || memory > memoryMax) {
      throw new SnapshotError(`a snapshot of ${memory} bytes of memory, at most ${memoryMax} in whole pages are allowed`)
    }
    const others = lengths.reduce((sum, bytes) => sum + bytes, -memory)
    if (others > otherBytesMax) throw new SnapshotError(`${others} bytes besides memory in the snapshot: over ${otherBytesMax}`)
    const words = [lengths[Region.globals]!, ...lengths.slice(Region.tables)]
    if (words.some((bytes) => bytes % 4 !== 0)) throw new SnapshotError('a region of words in the snapshot holds part of a word')
  }

  #put({ region, offset, bytes }: Part): void {
    const target = this.#regions[region]
    const inOrder = region > this.#region || (region === this.#region && offset >= this.#offset)
    if (target === undefined || !inOrder || offset + bytes.length > target.length) {
      const what = `${bytes.length} bytes at ${offset} of region ${region}`
      throw new SnapshotError(`part ${this.#parts} of the snapshot, ${what}, has no place`)
    }
    target.set(bytes, offset)
    this.#region = region
    this.#offset = offset + bytes.length
    this.#parts++
  }

  #end({ parts, sum }: End): void {
    if (parts !== this.#parts) throw new SnapshotError(`the snapshot has ${this.#parts} parts, ${parts} were written`)
    if (sum !== this.#sum) throw new SnapshotError('parts of the snapshot are missing or from another one')
    this.#ended = true
  }
}

function checkHeader(view: DataView, length: number): void {
  if (view.getUint32(0, true) !== MAGIC) throw new SnapshotError('this is no snapshot of ft-run, or it is damaged')
  const version = view.getUint16(4, true)
  if (version !== SNAPSHOT_VERSION) {
    throw new SnapshotError(`snapshot version ${version}, this release reads version ${SNAPSHOT_VERSION}`)
  }
  const kind = view.getUint16(6, true)
  if (kind < ChunkKind.begin || kind > ChunkKind.end) throw new SnapshotError(`unknown kind ${kind} of a snapshot's chunk`)
  if (length > PAYLOAD_BYTES_MAX) {
    throw new SnapshotError(`a chunk of ${length} bytes in the snapshot, at most ${PAYLOAD_BYTES_MAX} may be`)
  }
}

const asWords = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
