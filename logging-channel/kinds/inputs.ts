/** Entries of the other inputs: entropy, console, control operations. */
import { Parser } from 'binary-parser'
import { ControlOperation, Kind } from '../entries.ts'
import type { ConsoleEntry, ControlEntry, EntropyEntry } from '../entries.ts'
import { bytes, oneOf } from '../fields.ts'
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
