/** Entries of the other inputs: entropy, console, operations on the pair. */
import { Parser } from 'binary-parser'
import { ControlOperation, Kind } from '../entries.ts'
import type { ConsoleEntry, ControlEntry, EntropyEntry, ProtectedMarkEntry } from '../entries.ts'
import { textBytes } from '../byte-writer.ts'
import { bytes, oneOf, text } from '../fields.ts'
import type { EntryCodec } from './codec.ts'

export const entropy: EntryCodec<EntropyEntry> = {
  kind: Kind.entropy,
  name: 'entropy',
  need: 'required',
  bytes: entry => 4 + entry.bytes.length,
  encode(entry, out) {
    out.bytes(entry.bytes)
  },
  parser: bytes(new Parser(), 'bytes')
}

export const consoleInput: EntryCodec<ConsoleEntry> = {
  kind: Kind.console,
  name: 'console',
  need: 'required',
  bytes: entry => 4 + entry.bytes.length,
  encode(entry, out) {
    out.bytes(entry.bytes)
  },
  parser: bytes(new Parser(), 'bytes')
}

export const control: EntryCodec<ControlEntry> = {
  kind: Kind.control,
  name: 'control',
  need: 'required',
  bytes: () => 1,
  encode(entry, out) {
    out.u8(entry.operation, 'control.operation')
  },
  parser: oneOf(new Parser(), 'operation', ControlOperation)
}

export const protectedMark: EntryCodec<ProtectedMarkEntry> = {
  kind: Kind.protectedMark,
  name: 'protectedMark',
  need: 'required',
  bytes: entry => 8 + textBytes(entry.replica),
  encode(entry, out) {
    out.u32(entry.term, 'protectedMark.term')
    out.text(entry.replica)
  },
  parser: text(new Parser().uint32le('term'), 'replica')
}
