/** The 32 bytes that start every frame; see FORMAT.md. Their layout is the same in every version of the protocol. */
import { ChannelError } from './channel-error.ts'
import type { ChannelFault } from './channel-error.ts'
import { CHANNEL_VERSION } from './messages.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Checksum } from './crc32.ts'

/** "FTLC" in ASCII, read as a little-endian number. */
export const MAGIC = 0x434c5446
export const HEADER_BYTES = 32
/** The header's checksum covers what stands before it. */
export const HEADER_SUMMED_BYTES = 24

export const FrameType = {
  hello: 1, log: 2, ack: 3, heartbeat: 4, goodbye: 5, snapshot: 6, snapshotAck: 7, retire: 8, diverged: 9, pause: 10
} as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

const typeNames = new Map<number, string>(Object.entries(FrameType).map(([name, type]) => [type, name]))

export type FrameHeader = {
  readonly type: FrameType
  readonly term: number
  /** Log: seq of the first entry. Ack: `ackedSeq`. Snapshot and its ack: the snapshot's position. Diverged: the entry. Otherwise 0. */
  readonly seq: number
  /** Payload bytes that follow. */
  readonly length: number
  readonly headerChecksum: number
  readonly checksum: number
}

/** Writes the header with its checksums still zero; `sealFrame` puts them in. */
export function encodeHeader(
  out: ByteWriter,
  type: FrameType,
  version: number,
  term: number,
  seq: number,
  length: number
): void {
  out.u32(MAGIC, 'magic')
  out.u16(version, 'version')
  out.u8(type, 'type')
  out.u8(0, 'flags')
  out.u32(term, 'term')
  out.u64(seq, 'seq')
  out.u32(length, 'length')
  out.u32(0, 'headerChecksum')
  out.u32(0, 'checksum')
}

/** Puts both checksums into the frame of `length` payload bytes that has just been written. */
export function sealFrame(out: ByteWriter, length: number, checksum: Checksum): void {
  const headerChecksum = checksum(out.written(0, HEADER_SUMMED_BYTES))
  out.u32At(HEADER_SUMMED_BYTES, headerChecksum)
  out.u32At(HEADER_SUMMED_BYTES + 4, checksum(out.written(HEADER_BYTES, HEADER_BYTES + length), headerChecksum))
}

/**
 * Reads the header at `at`, where `HEADER_BYTES` bytes must be.
 * @param frameBytesMax largest frame accepted, header included
 * @param position bytes of the stream before the header, for messages
 * @throws ChannelError 'magic', 'checksum', 'version', 'malformed' or 'oversize', looked for in this order: the
 *   checksum is over the same bytes in every version, so a flipped bit is not taken for another version
 */
export function decodeHeader(
  bytes: Uint8Array,
  at: number,
  checksum: Checksum,
  frameBytesMax: number,
  position: number
): FrameHeader {
  const magic = u32(bytes, at)
  if (magic !== MAGIC) {
    throw fail('magic', position, `starts with 0x${hex(magic)}, not 0x${hex(MAGIC)}: the peer is no ft-run replica`)
  }
  const headerChecksum = u32(bytes, at + HEADER_SUMMED_BYTES)
  const computed = checksum(bytes.subarray(at, at + HEADER_SUMMED_BYTES))
  if (computed !== headerChecksum) {
    throw fail('checksum', position, `has header checksum 0x${hex(headerChecksum)}, its bytes give 0x${hex(computed)}`)
  }
  const version = bytes[at + 4] | (bytes[at + 5] << 8)
  if (version !== CHANNEL_VERSION) {
    const versions = `channel version ${version}, this side speaks version ${CHANNEL_VERSION}`
    throw fail('version', position, `is of ${versions}: run the same release on both`)
  }
  const type = bytes[at + 6]
  if (!typeNames.has(type)) throw fail('malformed', position, `has unknown type ${type}`)
  if (bytes[at + 7] !== 0) throw fail('malformed', position, `has unknown flags ${bytes[at + 7]}`)
  const seqHigh = u32(bytes, at + 16)
  if (seqHigh > 0x1fffff) throw fail('malformed', position, 'has a seq that is not below 2^53')
  const length = u32(bytes, at + 20)
  if (HEADER_BYTES + length > frameBytesMax) {
    throw fail('oversize', position, `is ${HEADER_BYTES + length} bytes long, at most ${frameBytesMax} are accepted`)
  }
  return {
    type: type as FrameType,
    term: u32(bytes, at + 8),
    seq: seqHigh * 4294967296 + u32(bytes, at + 12),
    length,
    headerChecksum,
    checksum: u32(bytes, at + 28)
  }
}

/** "log frame, term 2, seq 17, at byte 1040 of the stream" for messages. */
export function describeFrame(header: FrameHeader, position: number): string {
  return `${typeNames.get(header.type)} frame, term ${header.term}, seq ${header.seq}, at byte ${position} of the stream`
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function fail(fault: ChannelFault, position: number, what: string): ChannelError {
  return new ChannelError(fault, `frame at byte ${position} of the stream ${what}`)
}
