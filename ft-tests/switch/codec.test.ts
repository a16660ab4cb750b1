import test from 'ava'
import fc from '../properties.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { decodeFromSwitch, decodeToSwitch, encodeFromSwitch, encodeToSwitch } from '../../hypervisor/switch/codec.ts'
import { FrameDecoder } from '../../hypervisor/switch/frame-decoder.ts'
import { FRAME_BYTES_MAX } from '../../hypervisor/switch/limits.ts'
import { SwitchLinkError } from '../../hypervisor/switch/link-error.ts'
import type { Inputs, Outputs } from '../../hypervisor/switch/messages.ts'
import { fromSwitch, toSwitch } from './arbitrary-messages.ts'

/** Feeds `bytes` in pieces that end at `cuts` (fractions). */
function pushSplit<M>(decoder: FrameDecoder<M>, bytes: Uint8Array, cuts: readonly number[]): M[] {
  const ends = [...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].sort((a, b) => a - b)
  const messages: M[] = []
  let at = 0
  for (const end of ends) {
    messages.push(...decoder.push(Buffer.from(bytes.subarray(at, end))))
    at = end
  }
  return messages
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

test('messages to the switch survive encoding and any split', (t) => {
  fc.assert(
    fc.property(fc.array(toSwitch), cuts, (messages, at) => {
      const decoder = new FrameDecoder(decodeToSwitch)
      t.deepEqual(pushSplit(decoder, encodeToSwitch(messages), at), messages)
      t.true(decoder.atBoundary)
    }),
    { numRuns: 300 }
  )
})

test('messages from the switch survive encoding and any split', (t) => {
  fc.assert(
    fc.property(fc.array(fromSwitch), cuts, (messages, at) => {
      const decoder = new FrameDecoder(decodeFromSwitch)
      t.deepEqual(pushSplit(decoder, encodeFromSwitch(messages), at), messages)
      t.true(decoder.atBoundary)
    }),
    { numRuns: 300 }
  )
})

test('a frame fed byte by byte', (t) => {
  const messages = [{ type: 'outputAck', through: 2 ** 53 - 1 }, { type: 'refused', term: 3, reason: 'grüße 🙂' }] as const
  const decoder = new FrameDecoder(decodeFromSwitch)
  const got = []
  for (const byte of encodeFromSwitch(messages)) got.push(...decoder.push(Uint8Array.of(byte)))
  t.deepEqual(got, [...messages])
})

test('data is decoded in place, without a copy', (t) => {
  const inputs = [{ kind: Kind.netData, conn: 2, bytes: new Uint8Array(5) }]
  const bytes = encodeFromSwitch([{ type: 'inputs', first: 1, inputs }])
  const [message] = new FrameDecoder(decodeFromSwitch).push(bytes)
  const [item] = (message as Inputs).inputs
  t.is((item as { bytes: Uint8Array }).bytes.buffer, bytes.buffer)
})

test('garbage gives a SwitchLinkError and nothing else', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.boolean(), (body, up) => {
      const frame = new Uint8Array(4 + body.length)
      new DataView(frame.buffer).setUint32(0, body.length, true)
      frame.set(body, 4)
      try {
        new FrameDecoder<unknown>(up ? decodeToSwitch : decodeFromSwitch).push(frame)
      } catch (error) {
        t.true(error instanceof SwitchLinkError)
      }
    }),
    { numRuns: 2000 }
  )
})

test('a frame with a byte missing or added inside is refused', (t) => {
  fc.assert(
    fc.property(toSwitch, fc.boolean(), (message, longer) => {
      const good = encodeToSwitch([message])
      const bad = new Uint8Array(good.length + (longer ? 1 : -1))
      bad.set(good.subarray(0, bad.length))
      new DataView(bad.buffer).setUint32(0, bad.length - 4, true)
      t.throws(() => new FrameDecoder(decodeToSwitch).push(bad), { instanceOf: SwitchLinkError })
    })
  )
})

test('a length above the bound is refused before anything is allocated', (t) => {
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, FRAME_BYTES_MAX + 1, true)
  t.throws(() => new FrameDecoder(decodeToSwitch).push(head), { instanceOf: SwitchLinkError, message: /4194305 bytes/ })
  t.throws(() => new FrameDecoder(decodeToSwitch).push(new Uint8Array(4)), { message: /empty frame/ })
})

test('a count that its frame can\'t hold is refused', (t) => {
  const frame = new Uint8Array(4 + 1 + 12)
  const view = new DataView(frame.buffer)
  view.setUint32(0, 13, true)
  frame[4] = 19
  view.setUint32(13, 0xffff_ffff, true)
  t.throws(() => new FrameDecoder(decodeFromSwitch).push(frame), { instanceOf: SwitchLinkError, message: /more items/ })
})

test('a long message is cut into frames whose numbers go on', (t) => {
  const outputs = Array.from({ length: 40 }, (_, i) => ({ kind: 'data' as const, conn: 2, bytes: new Uint8Array(65536).fill(i) }))
  const bytes = encodeToSwitch([{ type: 'outputs', term: 4, first: 100, outputs }])
  const messages = new FrameDecoder(decodeToSwitch).push(bytes) as Outputs[]
  t.true(messages.length > 1)
  let next = 100
  for (const message of messages) {
    t.is(message.first, next)
    next += message.outputs.length
  }
  t.deepEqual(messages.flatMap((m) => m.outputs), outputs)
})

test('what can\'t be sent is refused when it is encoded', (t) => {
  const data = { kind: 'data' as const, conn: 2, bytes: new Uint8Array(FRAME_BYTES_MAX) }
  t.throws(() => encodeToSwitch([{ type: 'outputs', term: 1, first: 1, outputs: [data] }]), { instanceOf: SwitchLinkError })
  t.throws(() => encodeFromSwitch([{ type: 'refused', term: 1, reason: 'x'.repeat(1025) }]), { instanceOf: SwitchLinkError })
})

test('a stranger is told apart', (t) => {
  const http = new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.throws(() => new FrameDecoder(decodeToSwitch).push(http), { instanceOf: SwitchLinkError })
})
