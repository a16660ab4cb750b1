import test from 'ava'
import fc from '../properties.ts'
import { SendWindow } from '../../logging-channel/send-window.ts'

test('P3.2-3: the window is full at its limit of bytes or of entries, and an ack makes room', t => {
  const window = new SendWindow({ bytesMax: 100, entriesMax: 10 })
  t.false(window.isFull())
  window.add(4, 99, 1)
  t.false(window.isFull())
  t.true(window.isFull(1))
  t.true(window.isFull(0, 6))
  window.add(5, 1, 1)
  t.true(window.isFull())
  window.ack(4)
  t.false(window.isFull())
  window.add(15, 1, 1)
  t.is(window.unackedEntries, 11)
  t.true(window.isFull())
  window.ack(6)
  t.is(window.unackedEntries, 9)
  t.false(window.isFull())
})

test('an ack gives the highest inputs acknowledged, frame by frame', t => {
  const window = new SendWindow({ bytesMax: 100, entriesMax: 100, lastSeq: 10, inputsThrough: 5 })
  t.is(window.inputsThrough, 5)
  t.is(window.ack(10), 5)
  window.add(12, 10, 6)
  window.add(15, 20, 6)
  window.add(20, 30, 9)
  t.is(window.ack(11), 5)
  t.is(window.unackedBytes, 60)
  t.is(window.ack(12), 6)
  t.is(window.ack(19), 6)
  t.is(window.unackedBytes, 30)
  t.is(window.unackedEntries, 1)
  t.is(window.ack(20), 9)
  t.is(window.ack(20), 9)
  t.is(window.unackedBytes, 0)
})

test('frames and acks that go backwards, or acks of what was never sent, are refused', t => {
  const window = new SendWindow({ bytesMax: 100, entriesMax: 100 })
  window.add(5, 10, 3)
  window.ack(4)
  t.throws(() => window.ack(3), { message: 'ack of seq 3 after an ack of seq 4' })
  t.throws(() => window.ack(6), { message: 'ack of seq 6, but only seq 5 is sent' })
  t.throws(() => window.ack(NaN))
  t.throws(() => window.add(5, 10, 3), { message: 'frame ends at seq 5, but seq 5 is already sent' })
  t.throws(() => window.add(6, 10, 2), { message: 'frame captures inputs through 2, but input 3 is already sent' })
  t.throws(() => window.add(6, 0, 3))
  t.throws(() => new SendWindow({ bytesMax: 0, entriesMax: 1 }))
  t.throws(() => new SendWindow({ bytesMax: 1, entriesMax: NaN }))
})

test('agrees with a list of everything ever sent, over any run of frames and acks', t => {
  const step = fc.record({ isAck: fc.boolean(), by: fc.integer({ min: 0, max: 300 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), steps => {
      const window = new SendWindow({ bytesMax: 5000, entriesMax: 5000 })
      const sent: { lastSeq: number; bytes: number; inputs: number }[] = []
      for (const { isAck, by } of steps) {
        if (isAck) window.ack(Math.min(window.ackedSeq + by, window.lastSeq))
        else {
          const frame = { lastSeq: window.lastSeq + 1 + (by % 3), bytes: 1 + by, inputs: (sent.at(-1)?.inputs ?? 0) + (by % 2) }
          sent.push(frame)
          window.add(frame.lastSeq, frame.bytes, frame.inputs)
        }
        const open = sent.filter(frame => frame.lastSeq > window.ackedSeq)
        t.is(window.unackedBytes, open.reduce((sum, frame) => sum + frame.bytes, 0))
        t.is(window.inputsThrough, sent.findLast(frame => frame.lastSeq <= window.ackedSeq)?.inputs ?? 0)
        t.is(window.isFull(), window.unackedBytes >= 5000 || window.lastSeq - window.ackedSeq >= 5000)
      }
    })
  )
})
