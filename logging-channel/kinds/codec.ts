/** The shape that every entry kind's codec has: what is written and what is read stand side by side. */
import type { Parser } from 'binary-parser'
import type { LogEntry } from '../entries.ts'
import type { ByteWriter } from '../byte-writer.ts'

/** Whether replay needs the entry, or checks itself against it (DESIGN §5). */
export type Need = 'required' | 'validation'

/** Fields after the kind byte. `bytes`, `encode` and `parser` must agree with each other and with FORMAT.md. */
export type EntryCodec<Entry extends LogEntry> = {
  readonly kind: Entry['kind']
  readonly name: string
  readonly need: Need
  /** Encoded size of the fields. */
  readonly bytes: (entry: Entry) => number
  readonly encode: (entry: Entry, out: ByteWriter) => void
  readonly parser: Parser
}
