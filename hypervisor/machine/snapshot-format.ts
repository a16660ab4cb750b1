/** The bytes of a snapshot (FORMAT.md): chunks, each checked by itself, that fill regions. Encoder and decoder share this. */
import { Parser } from 'binary-parser'
import { bytes, text, u64 } from '../../logging-channel/fields.ts'
import type { EngineState } from './engine-state.ts'

/** Grows with every change of the format or of a device's saved state; a reader refuses every other version. */
export const SNAPSHOT_VERSION = 1
/** "FTSN" in ASCII, read as a little-endian number. */
export const MAGIC = 0x4e535446
export const HEADER_BYTES = 16
/** The checksum covers this much of the header, and the payload. */
export const SUMMED_BYTES = 12
/** Largest payload of a chunk. */
export const PAYLOAD_BYTES_MAX = 2 * 1024 * 1024
/** Bytes of a region that one part holds at most, and in whose steps zeroes are left out. */
export const PART_BYTES_MAX = 1024 * 1024
export const STEP_BYTES = 65536

export const ChunkKind = { begin: 1, part: 2, end: 3 } as const
export type ChunkKind = (typeof ChunkKind)[keyof typeof ChunkKind]

/** Regions by number; the tables are from `tables` on. */
export const Region = { memory: 0, globals: 1, frames: 2, droppedData: 3, droppedElements: 4, devices: 5, tables: 6 } as const

/** A machine between two moments of its run: what its engine holds, and its devices as `Machine.snapshot` wrote them. */
export type MachineSnapshot = {
  readonly engine: EngineState
  /** Empty in the snapshot of an engine alone. */
  readonly devices: Uint8Array
}

export type Begin = {
  readonly image: string
  readonly ticks: number
  /** 1 if guest frames are on the stack. */
  readonly hasFrames: number
  /** Bytes of every region. */
  readonly lengths: readonly { readonly bytes: number }[]
}
export type Part = { readonly region: number; readonly offset: number; readonly bytes: Uint8Array }
export type End = { readonly parts: number; readonly sum: number }

export const beginParser = u64(text(new Parser(), 'image'), 'ticks')
  .uint8('hasFrames')
  .uint32le('regions')
  .array('lengths', { type: u64(new Parser(), 'bytes'), length: 'regions' })
  .saveOffset('end')
export const partParser = bytes(u64(new Parser().uint32le('region'), 'offset'), 'bytes').saveOffset('end')
export const endParser = new Parser().uint32le('parts').uint32le('sum').saveOffset('end')
