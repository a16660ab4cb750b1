import test from 'ava'
import fc from '../properties.ts'
import { ChannelError } from '../../logging-channel/channel-error.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import type { Link } from '../../logging-channel/link.ts'
import { MemoryWire } from '../../logging-channel/link-memory.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { message } from './arbitraries.ts'

/** Writes down what a link hands to its owner. */
function watch(link: Link): { bytes: number[]; pieces: number; ends: (string | null)[] } {
  const seen = { bytes: [] as number[], pieces: 0, ends: [] as (string | null)[] }
  link.start({
    onBytes: bytes => {
      seen.bytes.push(...bytes)
      seen.pieces++
    },
    onClose: error => seen.ends.push(error?.message ?? null)
  })
  return seen
}

test('nothing moves until it is pumped; then everything does, in order', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.left.send(Uint8Array.of(1, 2))
  wire.left.send(Uint8Array.of(3))
  wire.right.send(Uint8Array.of(9))
  t.deepEqual([right.bytes, left.bytes, wire.left.bufferedBytes, wire.right.bufferedBytes], [[], [], 3, 1])
  wire.pumpAll()
  t.deepEqual([right.bytes, left.bytes, wire.left.bufferedBytes], [[1, 2, 3], [9], 0])
})

test('a messages stream survives any splitting', t => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (messages, choices) => {
      const wire = new MemoryWire({ pieceBytes: queued => 1 + (choices.next().value % Math.min(queued, 50)) })
      const encoder = new MessageEncoder()
      const received: ChannelMessage[] = []
      const decoder = new FrameDecoder({ onMessage: one => received.push(one) })
      wire.right.start({ onBytes: bytes => decoder.push(bytes), onClose: () => {} })
      watch(wire.left)
      for (const one of messages) wire.left.send(encoder.encode(one))
      wire.pumpAll()
      t.deepEqual(received, messages)
    })
  )
})

test('a flipped bit on the wire is found by the decoder; the sender keeps its bytes', t => {
  const frame = new MessageEncoder().encode({ type: 'heartbeat', term: 1, outputsDelivered: 2 })
  const copy = frame.slice()
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const wire = new MemoryWire()
    const decoder = new FrameDecoder({ onMessage: () => t.fail() })
    wire.right.start({ onBytes: bytes => decoder.push(bytes), onClose: () => {} })
    wire.left.send(frame)
    wire.flipBit('leftToRight', bit)
    t.throws(() => wire.pumpAll(), { instanceOf: ChannelError })
  }
  t.deepEqual(frame, copy)
})

test('close: what was sent arrives, then both ends hear of it once', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.right.send(Uint8Array.of(5))
  wire.left.send(Uint8Array.of(1))
  wire.left.close()
  wire.left.send(Uint8Array.of(2))
  t.deepEqual(left.ends, [])
  wire.pumpAll()
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.bytes, left.ends], [[1], [null], [], [null]])
})

test('destroy: what was under way is lost, both ends hear of it once', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.left.send(Uint8Array.of(1))
  wire.left.destroy()
  wire.left.close()
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.ends], [[], [null], [null]])
})

test('cut: both ends are told, nothing more arrives', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.left.send(Uint8Array.of(1))
  wire.cut()
  wire.left.send(Uint8Array.of(2))
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.ends], [[], ['connection reset'], ['connection reset']])
})

test('cutAfter: half of it arrives, then both ends are told', t => {
  const wire = new MemoryWire({ pieceBytes: () => 1 })
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.left.send(Uint8Array.of(1, 2, 3, 4))
  wire.cutAfter('leftToRight', 2)
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.ends], [[1, 2], ['connection reset'], ['connection reset']])
})

test('hold: one direction waits, the end of the link with it, and nothing is lost', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.hold('leftToRight')
  wire.left.send(Uint8Array.of(1))
  wire.right.send(Uint8Array.of(2))
  wire.left.close()
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.ends, wire.queuedBytes('leftToRight')], [[], [], [], 1])
  wire.release('leftToRight')
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.ends], [[1], [null], [null]])
})

test('lose: one direction falls silent, and neither end is told, not even of the end', t => {
  const wire = new MemoryWire()
  const left = watch(wire.left)
  const right = watch(wire.right)
  wire.left.send(Uint8Array.of(1))
  wire.lose('leftToRight')
  wire.left.send(Uint8Array.of(2))
  wire.right.send(Uint8Array.of(3))
  wire.pumpAll()
  wire.left.destroy()
  wire.pumpAll()
  t.deepEqual([right.bytes, right.ends, left.bytes, left.ends], [[], [], [3], [null]])
})

test('pause holds the peer back, resume goes on; nothing is delivered before start', t => {
  const wire = new MemoryWire()
  wire.left.send(Uint8Array.of(1))
  t.false(wire.pump('leftToRight'))
  const right = watch(wire.right)
  wire.right.pause()
  wire.pumpAll()
  t.deepEqual(right.bytes, [])
  wire.right.resume()
  wire.pumpAll()
  t.deepEqual(right.bytes, [1])
  t.throws(() => watch(wire.right), { message: 'link is already started' })
})
