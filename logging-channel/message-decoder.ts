/** Payload → message, by compiled binary-parser parsers. The encoding half is `message-encoder.ts`. */
import { Parser } from 'binary-parser'
import { ChannelError } from './channel-error.ts'
import type { LogEntry } from './entries.ts'
import { bytes, FieldError, oneOf, text, u64 } from './fields.ts'
import { describeFrame, FrameType } from './header.ts'
import type { FrameHeader } from './header.ts'
import { entryParser, isKind } from './kinds/table.ts'
import { Begins, Role } from './message-encoder.ts'
import { CHANNEL_VERSION } from './messages.ts'
import type { ChannelMessage } from './messages.ts'

// How far the log parser has come, for messages: parsing is synchronous, so one variable serves every frame.
let entriesBegun = 0

function onKind(kind: number): number {
  entriesBegun++
  if (!isKind(kind)) throw new FieldError(`unknown entry kind ${kind}`)
  return kind
}

// `end` is where parsing stopped: views are clipped at the end of the payload, the count of bytes read is not.
const roleAndStart = oneOf(oneOf(new Parser(), 'role', Role), 'begins', Begins)
const hello = text(text(text(text(roleAndStart, 'vm'), 'replica'), 'image'), 'runtime').saveOffset('end')
const log = u64(new Parser(), 'outputsDelivered')
  .uint32le('count')
  .array('entries', { length: 'count', type: entryParser(onKind) })
  .saveOffset('end')
const ack = u64(new Parser(), 'replayedSeq').saveOffset('end')
const heartbeat = u64(new Parser(), 'outputsDelivered').saveOffset('end')
const goodbye = text(new Parser(), 'reason').saveOffset('end')
const place = u64(u64(u64(new Parser(), 'offset'), 'done'), 'total')
const snapshot = bytes(oneOf(place, 'last', { more: 0, last: 1 }), 'bytes').saveOffset('end')
const pause = new Parser().uint32le('forMs').saveOffset('end')
const snapshotAck = u64(new Parser(), 'received').saveOffset('end')

/**
 * Decodes a payload whose checksum has been found right. Byte fields of entries are views of `payload`.
 * @param position bytes of the stream before the frame, for messages
 * @throws ChannelError 'malformed' if the payload is cut short, too long, or has a value out of its range
 */
export function decodeMessage(header: FrameHeader, payload: Uint8Array, position: number): ChannelMessage {
  entriesBegun = 0
  try {
    return decode(header, payload)
  } catch (error) {
    throw new ChannelError('malformed', `${describeFrame(header, position)}${explain(error)}`, { cause: error })
  }
}

function explain(error: unknown): string {
  const entry = entriesBegun - 1
  if (error instanceof FieldError) return entry < 0 ? `: ${error.message}` : `, entry ${entry}: ${error.message}`
  // The only other thing that input can cause: reading beyond the payload, perhaps for the next entry's kind.
  if (error instanceof RangeError) return entry < 0 ? ': cut short' : `: cut short in entry ${entry} or right after it`
  throw error
}

function decode(header: FrameHeader, payload: Uint8Array): ChannelMessage {
  const { term, seq } = header
  switch (header.type) {
    case FrameType.log: {
      const fields = parse<{ outputsDelivered: number; entries: LogEntry[] }>(log, payload)
      return { type: 'log', term, seq, outputsDelivered: fields.outputsDelivered, entries: fields.entries }
    }
    case FrameType.ack: {
      const fields = parse<{ replayedSeq: number }>(ack, payload)
      return { type: 'ack', term, ackedSeq: seq, replayedSeq: fields.replayedSeq }
    }
    case FrameType.heartbeat: {
      const fields = parse<{ outputsDelivered: number }>(heartbeat, payload)
      return { type: 'heartbeat', term, outputsDelivered: fields.outputsDelivered }
    }
    case FrameType.hello: {
      const fields = parse<{ role: number; begins: number; vm: string; replica: string; image: string; runtime: string }>(hello, payload)
      const { vm, replica, image, runtime } = fields
      const begins = fields.begins === Begins.boot ? 'boot' : 'snapshot'
      const role = fields.role === Role.primary ? 'primary' : 'backup'
      return { type: 'hello', version: CHANNEL_VERSION, role, vm, replica, image, runtime, term, begins }
    }
    case FrameType.goodbye:
      return { type: 'goodbye', reason: parse<{ reason: string }>(goodbye, payload).reason }
    case FrameType.snapshot: {
      const fields = parse<{ offset: number; done: number; total: number; last: number; bytes: Uint8Array }>(snapshot, payload)
      const { offset, done, total, bytes } = fields
      return { type: 'snapshot', term, seq, offset, done, total, last: fields.last === 1, bytes }
    }
    case FrameType.snapshotAck:
      return { type: 'snapshotAck', term, seq, received: parse<{ received: number }>(snapshotAck, payload).received }
    case FrameType.retire:
      return { type: 'retire', term, reason: parse<{ reason: string }>(goodbye, payload).reason }
    case FrameType.diverged:
      return { type: 'diverged', term, seq, reason: parse<{ reason: string }>(goodbye, payload).reason }
    case FrameType.pause:
      return { type: 'pause', term, forMs: parse<{ forMs: number }>(pause, payload).forMs }
  }
}

function parse<Fields>(parser: Parser, payload: Uint8Array): Fields {
  const fields = parser.parse(payload) as Fields & { end: number }
  if (fields.end > payload.length) throw new FieldError(`cut short: ${fields.end - payload.length} bytes are missing`)
  if (fields.end < payload.length) throw new FieldError(`${payload.length - fields.end} bytes too many`)
  return fields
}
