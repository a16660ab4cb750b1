/** All entry kinds. Adding one: its type in entries.ts, its codec in this folder, a line here, a table in FORMAT.md. */
import { Parser } from 'binary-parser'
import { Kind } from '../entries.ts'
import type { LogEntry } from '../entries.ts'
import type { ByteWriter } from '../byte-writer.ts'
import type { EntryCodec } from './codec.ts'
import { consoleInput, control, entropy, protectedMark } from './inputs.ts'
import { netConnected, netData, netEnd, netOpen, netReset, netWindow } from './network.ts'
import { clock, interrupt, progress, timer } from './time.ts'
import { outputMark, stateHash } from './validation.ts'

type CodecTable = { readonly [Name in keyof typeof Kind]: EntryCodec<Extract<LogEntry, { kind: (typeof Kind)[Name] }>> }

/** Every kind's codec, by name. */
export const codecs: CodecTable = {
  clock,
  entropy,
  timer,
  netOpen,
  netData,
  netEnd,
  netReset,
  netWindow,
  netConnected,
  console: consoleInput,
  control,
  interrupt,
  outputMark,
  progress,
  stateHash,
  protectedMark
}

// Each codec is only ever given entries of its own kind, which the type of a plain array can't say.
const byKind: EntryCodec<LogEntry>[] = []
for (const codec of Object.values(codecs)) byKind[codec.kind] = codec as unknown as EntryCodec<LogEntry>

export function isKind(kind: number): boolean {
  return byKind[kind] !== undefined
}

/** The codec of a kind. @throws RangeError for a number that is no kind */
function codecOf(kind: number): EntryCodec<LogEntry> {
  const codec = byKind[kind]
  if (codec === undefined) throw new RangeError(`unknown entry kind ${kind}`)
  return codec
}

/** Encoded size in bytes, kind byte included. @throws RangeError for an unknown kind or text that UTF-8 can't hold */
export function entryBytes(entry: LogEntry): number {
  return 1 + codecOf(entry.kind).bytes(entry)
}

/** Appends one entry to the frame being written. @throws RangeError naming a field that is out of its range */
export function encodeEntry(entry: LogEntry, out: ByteWriter): void {
  out.u8(entry.kind, 'kind')
  codecOf(entry.kind).encode(entry, out)
}

/** Parses one entry: its kind byte, then that kind's fields into the same object. `onKind` sees the kind first. */
export function entryParser(onKind: (kind: number) => number): Parser {
  const choices = Object.fromEntries(Object.values(codecs).map(codec => [codec.kind, codec.parser]))
  return new Parser().uint8('kind', { formatter: onKind }).choice({ tag: 'kind', choices })
}
