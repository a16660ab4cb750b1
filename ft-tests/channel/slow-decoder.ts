/**
 * A second decoder, written from FORMAT.md alone and by other means (Buffer, BigInt, a whole stream at once), so
 * that a mistake shared by encoder and decoder shows up. Throws on anything it can't read.
 */
import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'

type Fields = Record<string, unknown>
type Reader = () => unknown

const roles = ['', 'primary', 'backup']
const begins = ['', 'boot', 'snapshot']

export function slowDecode(stream: Uint8Array): Fields[] {
  const buffer = Buffer.from(stream)
  const messages: Fields[] = []
  for (let at = 0; at < buffer.length; ) {
    const length = buffer.readUInt32LE(at + 20)
    messages.push(slowFrame(buffer.subarray(at, at + 32 + length)))
    at += 32 + length
  }
  return messages
}

function slowFrame(frame: Buffer): Fields {
  if (frame.subarray(0, 4).toString('latin1') !== 'FTLC') throw new Error('magic')
  if (frame.readUInt16LE(4) !== 3) throw new Error('version')
  if (frame[7] !== 0) throw new Error('flags')
  if (frame.readUInt32LE(24) !== crc32(frame.subarray(0, 24))) throw new Error('header checksum')
  const summed = Buffer.concat([frame.subarray(0, 24), frame.subarray(32)])
  if (frame.readUInt32LE(28) !== crc32(summed)) throw new Error('checksum')
  const payload = new Cursor(frame.subarray(32))
  const message = slowPayload(frame[6], frame.readUInt32LE(8), Number(frame.readBigUInt64LE(12)), payload)
  if (payload.at !== frame.length - 32) throw new Error('payload length')
  return message
}

function slowPayload(type: number, term: number, seq: number, p: Cursor): Fields {
  switch (type) {
    case 1:
      return {
        ...{ type: 'hello', version: 3, role: roles[p.u8()], begins: begins[p.u8()], vm: p.text(), replica: p.text() },
        ...{ image: p.text(), runtime: p.text(), term }
      }
    case 2: {
      const outputsDelivered = p.u64()
      const entries = Array.from({ length: p.u32() }, () => slowEntry(p))
      return { type: 'log', term, seq, outputsDelivered, entries }
    }
    case 3:
      return { type: 'ack', term, ackedSeq: seq, replayedSeq: p.u64() }
    case 4:
      return { type: 'heartbeat', term, outputsDelivered: p.u64() }
    case 5:
      return { type: 'goodbye', reason: p.text() }
    case 6:
      return { type: 'snapshot', term, seq, offset: p.u64(), done: p.u64(), total: p.u64(), last: p.u8() === 1, bytes: p.bytes() }
    case 7:
      return { type: 'snapshotAck', term, seq, received: p.u64() }
    case 8:
      return { type: 'retire', term, reason: p.text() }
    case 9:
      return { type: 'diverged', term, seq, reason: p.text() }
    case 10:
      return { type: 'pause', term, forMs: p.u32() }
    default:
      throw new Error(`type ${type}`)
  }
}

function slowEntry(p: Cursor): Fields {
  const kind = p.u8()
  const { u8, u16, u32, u64, bytes, text } = p
  const layouts: Record<number, [string, Reader][]> = {
    1: [['clock', u8], ['us', u64]],
    2: [['bytes', bytes]],
    3: [['timer', u8]],
    4: [['conn', u32], ['port', u16], ['peer', text]],
    5: [['conn', u32], ['bytes', bytes]],
    6: [['conn', u32]],
    7: [['conn', u32]],
    8: [['conn', u32], ['bytes', u32]],
    9: [['conn', u32]],
    10: [['bytes', bytes]],
    11: [['operation', u8]],
    12: [['causes', u32], ['tick', u64]],
    13: [['count', u32], ['bytes', u64], ['checksum', u32]],
    14: [['tick', u64], ['reached', u8]],
    15: [['tick', u64], ['firstPage', u32], ['hash', u32], ['pageHashes', bytes]],
    16: [['term', u32], ['replica', text]]
  }
  const layout = layouts[kind]
  if (layout === undefined) throw new Error(`kind ${kind}`)
  return { kind, ...Object.fromEntries(layout.map(([name, read]) => [name, read()])) }
}

class Cursor {
  at = 0
  private readonly buffer: Buffer
  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  private advance(bytes: number): number {
    this.at += bytes
    return this.at - bytes
  }

  readonly u8 = (): number => this.buffer.readUInt8(this.advance(1))
  readonly u16 = (): number => this.buffer.readUInt16LE(this.advance(2))
  readonly u32 = (): number => this.buffer.readUInt32LE(this.advance(4))
  readonly u64 = (): number => Number(this.buffer.readBigUInt64LE(this.advance(8)))
  readonly bytes = (): Uint8Array => {
    const length = this.u32()
    const start = this.advance(length)
    if (this.at > this.buffer.length) throw new Error('cut short')
    return new Uint8Array(this.buffer.subarray(start, this.at))
  }
  readonly text = (): string => Buffer.from(this.bytes()).toString('utf8')
}
