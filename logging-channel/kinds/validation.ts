/** Entries that replay checks itself against. */
import { Parser } from 'binary-parser'
import { Kind } from '../entries.ts'
import type { OutputMarkEntry, StateHashEntry } from '../entries.ts'
import { bytes, u64 } from '../fields.ts'
import type { EntryCodec } from './codec.ts'

export const outputMark: EntryCodec<OutputMarkEntry> = {
  kind: Kind.outputMark,
  name: 'outputMark',
  need: 'validation',
  bytes: () => 16,
  encode(entry, out) {
    out.u32(entry.count, 'outputMark.count')
    out.u64(entry.bytes, 'outputMark.bytes')
    out.u32(entry.checksum, 'outputMark.checksum')
  },
  parser: u64(new Parser().uint32le('count'), 'bytes').uint32le('checksum')
}

export const stateHash: EntryCodec<StateHashEntry> = {
  kind: Kind.stateHash,
  name: 'stateHash',
  need: 'validation',
  bytes: entry => 20 + entry.pageHashes.length,
  encode(entry, out) {
    out.u64(entry.tick, 'stateHash.tick')
    out.u32(entry.firstPage, 'stateHash.firstPage')
    out.u32(entry.hash, 'stateHash.hash')
    out.bytes(entry.pageHashes)
  },
  parser: bytes(u64(new Parser(), 'tick').uint32le('firstPage').uint32le('hash'), 'pageHashes')
}
