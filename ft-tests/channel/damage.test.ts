/** Damaged streams: detected always, never replayed (DESIGN §6, failure matrix). */
import { crc32 as zlibCrc32 } from 'node:zlib'
import test from 'ava'
import fc from '../properties.ts'
import { ChannelError } from '../../logging-channel/channel-error.ts'
import type { ChannelFault } from '../../logging-channel/channel-error.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage, Hello } from '../../logging-channel/messages.ts'
import { concat, cuts, logFrame, message, split } from './arbitraries.ts'

type Outcome = { readonly messages: ChannelMessage[]; readonly error: ChannelError | null; readonly isBetweenFrames: boolean }

function receive(pieces: readonly Uint8Array[], frameBytesMax = 16 * 1024 * 1024): Outcome {
  const messages: ChannelMessage[] = []
  const decoder = new FrameDecoder({ onMessage: one => messages.push(one), checksum: zlibCrc32, frameBytesMax })
  try {
    for (const piece of pieces) decoder.push(piece)
    return { messages, error: null, isBetweenFrames: decoder.isBetweenFrames }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    const count = messages.length
    // Once wrong, always wrong: not even a good frame is yielded any more.
    for (const again of [good, new Uint8Array(1)]) {
      try {
        decoder.push(again)
        throw new Error('a decoder went on after an error')
      } catch (second) {
        if (second !== error) throw second
      }
    }
    if (messages.length !== count) throw new Error('a message after an error')
    return { messages, error, isBetweenFrames: false }
  }
}

const encoder = new MessageEncoder({ checksum: zlibCrc32 })
const good = encoder.encode({ type: 'log', term: 1, seq: 1, outputsDelivered: 0, entries: [{ kind: Kind.netEnd, conn: 1 }] })
const sample: ChannelMessage = {
  type: 'log',
  term: 2,
  seq: 40,
  outputsDelivered: 39,
  entries: [
    { kind: Kind.netOpen, conn: 4, port: 7000, peer: '10.0.0.1:5000' },
    { kind: Kind.netData, conn: 4, bytes: new TextEncoder().encode('*1\r\n$4\r\nPING\r\n') },
    { kind: Kind.interrupt, causes: 1, tick: 123 },
    { kind: Kind.clock, clock: 0, us: 1_790_000_000_000_000 },
    { kind: Kind.outputMark, count: 1, bytes: 7, checksum: 5 },
    { kind: Kind.progress, tick: 456, reached: 1 },
    { kind: Kind.stateHash, tick: 456, firstPage: 0, hash: 77, pageHashes: Uint8Array.of(1, 2, 3, 4) }
  ]
}

/** Payload and header given, checksums made right: what a peer with a bug would send. */
function reseal(frame: Uint8Array, change: (bytes: DataView) => void, payloadBytes = frame.length - 32): Uint8Array {
  const bytes = new Uint8Array(32 + payloadBytes)
  bytes.set(frame.subarray(0, bytes.length))
  const view = new DataView(bytes.buffer)
  view.setUint32(20, payloadBytes, true)
  change(view)
  const header = zlibCrc32(bytes.subarray(0, 24))
  view.setUint32(24, header, true)
  view.setUint32(28, zlibCrc32(bytes.subarray(32), header), true)
  return bytes
}

test('each single flipped bit of a frame is found, before anything of it is yielded, with no byte more', t => {
  const frame = encoder.encode(sample)
  const faults: Partial<Record<ChannelFault, number>> = {}
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const bytes = frame.slice()
    bytes[bit >> 3] ^= 1 << (bit & 7)
    const { messages, error } = receive([bytes])
    t.deepEqual(messages, [], `bit ${bit}`)
    t.truthy(error, `bit ${bit}`)
    faults[error?.fault ?? 'malformed'] = (faults[error?.fault ?? 'malformed'] ?? 0) + 1
  }
  t.deepEqual(faults, { magic: 32, checksum: frame.length * 8 - 32 })
})

test('any damage to any stream: the messages before it, then an error, in whatever pieces it arrives', t => {
  const damage = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), damage, cuts, (messages, [place, mask], places) => {
      const frames = messages.map(one => encoder.encode(one))
      const stream = concat(frames)
      const at = place % stream.length
      stream[at] ^= mask
      let intact = 0
      for (let end = frames[0].length; end <= at; end += frames[intact].length) intact++
      const outcome = receive(split(stream, places))
      t.deepEqual(outcome.messages, messages.slice(0, intact))
      t.truthy(outcome.error)
    }),
    { numRuns: 1000 }
  )
  t.pass()
})

test('a stream cut anywhere yields the whole frames before the cut, and says it is inside a frame', t => {
  const frames = [encoder.encode(sample), good, encoder.encode({ type: 'goodbye', reason: 'over' })]
  const stream = concat(frames)
  const ends = [frames[0].length, frames[0].length + good.length, stream.length]
  for (let length = 0; length <= stream.length; length++) {
    const { messages, error, isBetweenFrames } = receive([stream.subarray(0, length)])
    t.is(error, null)
    t.is(messages.length, ends.filter(end => end <= length).length)
    t.is(isBetweenFrames, length === 0 || ends.includes(length))
  }
})

test('a payload cut short under right checksums is refused, wherever it is cut', t => {
  const frame = encoder.encode(sample)
  for (let bytes = 0; bytes < frame.length - 32; bytes++) {
    const { messages, error } = receive([reseal(frame, () => {}, bytes)])
    t.deepEqual(messages, [])
    t.is(error?.fault, 'malformed', `payload of ${bytes} bytes`)
  }
})

test('random payloads under right checksums are refused or decoded, never anything else', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.uint8Array({ maxLength: 100 }), (type, payload) => {
      const frame = concat([good.subarray(0, 32), payload])
      const { messages, error } = receive([reseal(frame, view => view.setUint8(6, type))])
      t.is(messages.length + (error === null ? 0 : 1), 1)
      if (error !== null) t.is(error.fault, 'malformed')
    }),
    { numRuns: 3000 }
  )
  t.pass()
})

test('random bytes are no frame', t => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 200 }), cuts, (bytes, places) => {
      const { messages, error } = receive(split(bytes, places))
      t.deepEqual(messages, [])
      t.is(error?.fault, 'magic')
    })
  )
  t.pass()
})

test('a log frame with its entries changed under right checksums never crashes the decoder', t => {
  fc.assert(
    fc.property(logFrame, fc.nat(), fc.nat(255), (frame, place, value) => {
      const bytes = encoder.encode(frame)
      const { messages, error } = receive([reseal(bytes, view => view.setUint8(32 + (place % (bytes.length - 32)), value))])
      t.is(messages.length + (error === null ? 0 : 1), 1)
    }),
    { numRuns: 2000 }
  )
  t.pass()
})

const payloadOf = (change: (view: DataView) => void): Uint8Array => reseal(encoder.encode(sample), change)
const hello: Hello = {
  type: 'hello', version: 3, role: 'backup', vm: 'kv', replica: 'r', image: 'i', runtime: 'v26', term: 1, begins: 'boot'
}
const refused: readonly [string, () => Uint8Array, ChannelFault, RegExp][] = [
  ['another protocol', () => new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'magic',
    /^frame at byte 0 of the stream starts with 0x20544547, not 0x434c5446: the peer is no ft-run replica$/],
  ['another version', () => encoder.encode({ ...hello, version: 4 }), 'version',
    /^frame at byte 0 of the stream is of channel version 4, this side speaks version 3: run the same release on both$/],
  ['a flipped bit', () => good.map((byte, at) => (at === 44 ? byte ^ 1 : byte)), 'checksum',
    /^log frame, term 1, seq 1, at byte 0 of the stream: payload of 17 bytes does not match its checksum$/],
  ['a flipped bit in the header', () => good.map((byte, at) => (at === 20 ? byte ^ 1 : byte)), 'checksum',
    /^frame at byte 0 of the stream has header checksum 0x[0-9a-f]{8}, its bytes give 0x[0-9a-f]{8}$/],
  ['an unknown type', () => payloadOf(view => view.setUint8(6, 11)), 'malformed', /has unknown type 11$/],
  ['unknown flags', () => payloadOf(view => view.setUint8(7, 1)), 'malformed', /has unknown flags 1$/],
  ['a seq above 2^53', () => payloadOf(view => view.setUint32(16, 0x200000, true)), 'malformed', /seq that is not below 2\^53$/],
  ['an unknown kind', () => payloadOf(view => view.setUint8(44, 99)), 'malformed',
    /^log frame, term 2, seq 40, at byte 0 of the stream, entry 0: unknown entry kind 99$/],
  ['an unknown way to rest', () => payloadOf(view => view.setUint8(view.byteLength - 26, 3)), 'malformed',
    /entry 5: reached is 3: must be one of 0, 1, 2$/],
  ['a count too high', () => payloadOf(view => view.setUint32(40, 8, true)), 'malformed',
    /: cut short in entry 6 or right after it$/],
  ['an absurd count', () => payloadOf(view => view.setUint32(40, 0xffffffff, true)), 'malformed',
    /: cut short in entry 6 or right after it$/],
  ['a count too low', () => payloadOf(view => view.setUint32(40, 6, true)), 'malformed', /entry 5: 25 bytes too many$/],
  ['a length beyond the frame', () => payloadOf(view => view.setUint32(73, 0x7fffffff, true)), 'malformed',
    /: cut short in entry 1 or right after it$/],
  ['a tick above 2^53', () => payloadOf(view => view.setUint32(view.byteLength - 20, 0x200000, true)), 'malformed',
    /entry 6: 64-bit number 2097152:456 is not below 2\^53$/],
  ['text that is no UTF-8', () => payloadOf(view => view.setUint8(55, 0xff)), 'malformed',
    /entry 0: text is not well-formed UTF-8$/],
  ['a role that is none', () => reseal(encoder.encode(hello), view => view.setUint8(32, 3)), 'malformed',
    /role is 3: must be one of 1, 2$/]
]
for (const [name, bytes, fault, line] of refused) {
  test(`refused in one line: ${name}`, t => {
    const { messages, error } = receive([bytes()])
    t.deepEqual(messages, [])
    t.is(error?.fault, fault)
    t.regex(error?.message ?? '', line)
    t.false(error?.message.includes('\n'))
  })
}

test('an oversize frame is refused by its header, before any of it is buffered', t => {
  const frame = reseal(good, view => view.setUint32(20, 16 * 1024 * 1024 - 31, true))
  const { error } = receive([frame.subarray(0, 32)])
  t.is(error?.fault, 'oversize')
  t.is(error?.message, 'frame at byte 0 of the stream is 16777217 bytes long, at most 16777216 are accepted')
  t.is(receive([good], good.length).messages.length, 1)
  t.is(receive([good], good.length - 1).error?.fault, 'oversize')
})

test('the position in a message counts the bytes of the whole stream', t => {
  const bad = good.slice()
  bad[bad.length - 1] ^= 1
  const { messages, error } = receive([good, good.subarray(0, 10), good.subarray(10), bad])
  t.is(messages.length, 2)
  t.true(error?.message.includes(`at byte ${2 * good.length} of the stream`))
})

test('a large frame in small pieces costs time in proportion to its size', t => {
  const gather = (bytes: number): number => {
    const entries = [{ kind: Kind.netData, conn: 1, bytes: new Uint8Array(bytes) }]
    const frame = encoder.encode({ type: 'log', term: 1, seq: 1, outputsDelivered: 0, entries })
    const pieces: Uint8Array[] = []
    for (let at = 0; at < frame.length; at += 512) pieces.push(frame.subarray(at, at + 512))
    const start = performance.now()
    t.is(receive(pieces).messages.length, 1)
    return performance.now() - start
  }
  gather(1_000_000)
  const small = Math.min(gather(1_000_000), gather(1_000_000), gather(1_000_000))
  const large = Math.min(gather(15_000_000), gather(15_000_000))
  // Proportional would be 15; joining the pieces so far for each new one would be 225.
  t.true(large < 100 * small, `${large} ms against ${small} ms`)
})
