import { readFileSync } from 'node:fs'
import { crc32 as zlibCrc32 } from 'node:zlib'
import test from 'ava'
import fc from '../properties.ts'
import { crc32 } from '../../logging-channel/crc32.ts'
import { Kind } from '../../logging-channel/entries.ts'
import type { LogEntry } from '../../logging-channel/entries.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import { HEADER_BYTES } from '../../logging-channel/header.ts'
import { codecs, entryBytes } from '../../logging-channel/kinds/table.ts'
import { LOG_FRAME_OVERHEAD_BYTES, MessageEncoder } from '../../logging-channel/message-encoder.ts'
import { CHANNEL_VERSION } from '../../logging-channel/messages.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { concat, cuts, entryArbitraries, message, split } from './arbitraries.ts'
import { slowDecode } from './slow-decoder.ts'

function decodeAll(pieces: readonly Uint8Array[]): ChannelMessage[] {
  const messages: ChannelMessage[] = []
  const decoder = new FrameDecoder({ onMessage: one => messages.push(one), checksum: zlibCrc32 })
  for (const piece of pieces) decoder.push(piece)
  if (!decoder.isBetweenFrames) throw new Error('stream ended inside a frame')
  return messages
}

function logOf(entries: readonly LogEntry[]): ChannelMessage {
  return { type: 'log', term: 1, seq: 1, outputsDelivered: 0, entries }
}

test('crc32 agrees with zlib for any bytes, alignment and seed', t => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(9), fc.integer({ min: 0, max: 0xffffffff }), (bytes, skip, seed) => {
        const part = bytes.subarray(Math.min(skip, bytes.length))
        return crc32(part, seed) === zlibCrc32(part, seed)
      }),
      { numRuns: 1000 }
    )
  )
  t.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
})

test('messages come back as they were, in whatever pieces the stream arrives', t => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), cuts, (messages, places) => {
        const encoder = new MessageEncoder()
        const stream = concat(messages.map(one => encoder.encode(one)))
        t.deepEqual(decodeAll(split(stream, places)), messages)
      }),
      { numRuns: 500 }
    )
  )
})

test('every piece may be a single byte', t => {
  const [sample] = fc.sample(fc.array(message, { minLength: 12, maxLength: 12 }), { numRuns: 1, seed: 7 })
  const encoder = new MessageEncoder()
  const stream = concat(sample.map(one => encoder.encode(one)))
  t.deepEqual(decodeAll(Array.from(stream, byte => Uint8Array.of(byte))), sample)
})

test('a decoder written from FORMAT.md alone reads the same', t => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), messages => {
        const encoder = new MessageEncoder({ checksum: zlibCrc32 })
        t.deepEqual(slowDecode(concat(messages.map(one => encoder.encode(one)))), messages)
      }),
      { numRuns: 500 }
    )
  )
})

for (const [name, arbitrary] of Object.entries(entryArbitraries)) {
  test(`entry ${name}: round trip, and its size is known before it is encoded`, t => {
    fc.assert(
      fc.property(arbitrary, one => {
        const frame = new MessageEncoder().encode(logOf([one]))
        t.is(frame.length, LOG_FRAME_OVERHEAD_BYTES + entryBytes(one))
        t.deepEqual(decodeAll([frame]), [logOf([one])])
      })
    )
  })
}

test('the table of kinds is complete, and agrees with the vocabulary and FORMAT.md', t => {
  t.deepEqual(Object.keys(codecs).sort(), Object.keys(Kind).sort())
  t.deepEqual(Object.keys(entryArbitraries).sort(), Object.keys(Kind).sort())
  const format = readFileSync(new URL('../../logging-channel/FORMAT.md', import.meta.url), 'utf8')
  for (const [name, kind] of Object.entries(Kind)) {
    const codec = codecs[name as keyof typeof Kind]
    t.is(codec.kind, kind)
    t.is(codec.name, name)
    t.true(format.includes(`| ${kind} | ${name} | ${codec.need} |`), `FORMAT.md has no row for ${name} (${codec.need})`)
  }
  t.true(format.startsWith(`# The logging channel's format, version ${CHANNEL_VERSION}\n`))
})

test('the example in FORMAT.md is what the encoder writes', t => {
  const format = readFileSync(new URL('../../logging-channel/FORMAT.md', import.meta.url), 'utf8')
  const block = format.split('```')[1]
  const hex = block.split('\n').map(line => line.match(/^(?:[0-9a-f]{2} {1,2})+/)?.[0] ?? '').join('')
  const frame = new MessageEncoder().encode({
    type: 'log',
    term: 3,
    seq: 258,
    outputsDelivered: 7,
    entries: [
      { kind: Kind.netData, conn: 2, bytes: new TextEncoder().encode('hi') },
      { kind: Kind.progress, tick: 2 ** 32 + 5, reached: 1 }
    ]
  })
  t.is(Buffer.from(frame).toString('hex'), hex.replaceAll(' ', ''))
})

test('byte fields are views of the piece that brought them', t => {
  const frame = new MessageEncoder().encode(logOf([{ kind: Kind.netData, conn: 1, bytes: Uint8Array.of(1, 2, 3) }]))
  const [decoded] = decodeAll([frame])
  t.true(decoded.type === 'log' && decoded.entries[0].kind === Kind.netData && decoded.entries[0].bytes.buffer === frame.buffer)
})

test('a frame stays as it is while others are encoded after it', t => {
  const encoder = new MessageEncoder()
  const big = logOf([{ kind: Kind.netData, conn: 1, bytes: new Uint8Array(100_000).fill(1) }])
  const frames = Array.from({ length: 8 }, () => encoder.encode(big))
  const copies = frames.map(frame => frame.slice())
  const other = logOf([{ kind: Kind.netData, conn: 2, bytes: new Uint8Array(70_000).fill(9) }])
  for (let count = 0; count < 50; count++) encoder.encode(other)
  t.deepEqual(frames, copies)
})

const outOfRange: readonly [string, LogEntry, RegExp][] = [
  ['negative', { kind: Kind.netEnd, conn: -1 }, /^netEnd\.conn is -1: must be an integer from 0 to 4294967295$/],
  ['too large', { kind: Kind.netWindow, conn: 1, bytes: 2 ** 32 }, /^netWindow\.bytes is 4294967296/],
  ['a fraction', { kind: Kind.clock, clock: 0, us: 1.5 }, /^clock\.us is 1\.5/],
  ['not a number', { kind: Kind.interrupt, causes: 1, tick: NaN }, /^interrupt\.tick is NaN/],
  ['above 2^53', { kind: Kind.progress, tick: 2 ** 53, reached: 0 }, /^progress\.tick is 9007199254740992/],
  ['a port above 65535', { kind: Kind.netOpen, conn: 1, port: 65536, peer: '' }, /^netOpen\.port is 65536/],
  ['a lone surrogate', { kind: Kind.netOpen, conn: 1, port: 1, peer: 'x\ud800' }, /^text has a lone surrogate$/],
  ['an unknown kind', { kind: 99, conn: 1 } as unknown as LogEntry, /^unknown entry kind 99$/]
]
for (const [name, bad, expected] of outOfRange) {
  test(`encoding refuses ${name}, and the encoder goes on`, t => {
    const encoder = new MessageEncoder()
    t.throws(() => encoder.encode(logOf([bad])), { instanceOf: RangeError, message: expected })
    const good = logOf([{ kind: Kind.netEnd, conn: 1 }])
    t.deepEqual(decodeAll([encoder.encode(good)]), [good])
  })
}

test('encoding refuses a frame that the peer would refuse', t => {
  const encoder = new MessageEncoder({ frameBytesMax: 1000 })
  const entry = (bytes: number): LogEntry => ({ kind: Kind.netData, conn: 1, bytes: new Uint8Array(bytes) })
  t.is(encoder.encode(logOf([entry(1000 - LOG_FRAME_OVERHEAD_BYTES - 9)])).length, 1000)
  t.throws(() => encoder.encode(logOf([entry(1000 - LOG_FRAME_OVERHEAD_BYTES - 8)])), {
    message: 'frame of 1001 bytes: at most 1000 may be sent, split its entries'
  })
})

test('a decoder is inside a payload from a right header on until the frame is whole', t => {
  const frame = new MessageEncoder().encode(logOf([{ kind: Kind.netData, conn: 1, bytes: new Uint8Array(100) }]))
  const decoder = new FrameDecoder({ onMessage: () => {} })
  const inside = Array.from(frame, byte => {
    decoder.push(Uint8Array.of(byte))
    return decoder.isInsidePayload
  })
  t.deepEqual(inside, Array.from(frame, (_, at) => at >= HEADER_BYTES - 1 && at < frame.length - 1))
  const damaged = new FrameDecoder({ onMessage: () => {} })
  t.throws(() => damaged.push(frame.with(20, frame[20] ^ 1)))
  t.false(damaged.isInsidePayload)
})
