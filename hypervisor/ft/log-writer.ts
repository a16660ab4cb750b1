/** The capture side of the log: numbers entries and cuts them into frames. Entries wait at most for the end of the turn. */
import { Kind, type LogEntry } from '../../logging-channel/entries.ts'
import { entryBytes } from '../../logging-channel/kinds/table.ts'
import { LOG_FRAME_OVERHEAD_BYTES } from '../../logging-channel/message-encoder.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'

/** Frames are cut near this size, so that no single one holds up the channel. */
const frameBytesTarget = 1024 * 1024

export type FlushedFrame = { readonly frame: LogFrame; readonly lastSeq: number; readonly bytes: number }

export class LogWriter {
  #nextSeq = 1
  #pending: LogEntry[] = []
  #pendingBytes = 0

  /** Seq of the last entry appended, or taken over from the primary. */
  get lastSeq(): number {
    return this.#nextSeq - 1
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get pendingEntries(): number {
    return this.#pending.length
  }

  append(entry: LogEntry): number {
    this.#pending.push(entry)
    this.#pendingBytes += entryBytes(entry)
    return this.#nextSeq++
  }

  /** A new primary's entries go on where the received log ends. */
  continueAfter(seq: number): void {
    if (this.#nextSeq !== 1) throw new Error('this log has entries of its own already')
    this.#nextSeq = seq + 1
  }

  /** Takes everything appended as frames, oldest first. */
  flush(term: number, outputsDelivered: number): readonly FlushedFrame[] {
    if (this.#pending.length === 0) return []
    const frames: FlushedFrame[] = []
    let seq = this.#nextSeq - this.#pending.length
    for (const entries of this.#cut()) {
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), LOG_FRAME_OVERHEAD_BYTES)
      frames.push({ frame: { type: 'log', term, seq, outputsDelivered, entries }, lastSeq: seq + entries.length - 1, bytes })
      seq += entries.length
    }
    this.#pending = []
    this.#pendingBytes = 0
    return frames
  }

  /** Forgets what was appended: no backup is there to receive it. */
  drop(): void {
    this.#pending = []
    this.#pendingBytes = 0
  }

  #cut(): readonly (readonly LogEntry[])[] {
    if (this.#pendingBytes <= frameBytesTarget) return [this.#pending]
    const parts: LogEntry[][] = []
    let part: LogEntry[] = []
    let bytes = 0
    for (const entry of this.#pending) {
      // A mark and its progress travel together: an output must not be released for a run that the backup can't finish.
      if (bytes >= frameBytesTarget && entry.kind !== Kind.progress) {
        parts.push(part)
        part = []
        bytes = 0
      }
      part.push(entry)
      bytes += entryBytes(entry)
    }
    parts.push(part)
    return parts
  }
}
