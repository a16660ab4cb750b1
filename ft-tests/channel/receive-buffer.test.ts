import test from 'ava'
import fc from '../properties.ts'
import { Kind } from '../../logging-channel/entries.ts'
import type { LogEntry } from '../../logging-channel/entries.ts'
import { entryBytes } from '../../logging-channel/kinds/table.ts'
import { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import { entry } from './arbitraries.ts'

const netEnd: LogEntry = { kind: Kind.netEnd, conn: 2 }
const progress: LogEntry = { kind: Kind.progress, tick: 1, reached: 1 }

test('entries come out in order, each with its seq', t => {
  const buffer = new ReceiveBuffer({ bytesMax: 1000, entriesMax: 100, lastSeq: 7 })
  t.is(buffer.head(), undefined)
  t.is(buffer.headSeq, 8)
  buffer.add(8, [netEnd, progress])
  buffer.add(10, [netEnd])
  t.is(buffer.receivedSeq, 10)
  t.is(buffer.headSeq, 8)
  t.is(buffer.head(), netEnd)
  t.is(buffer.shift(), netEnd)
  t.is(buffer.headSeq, 9)
  t.true(buffer.hasProgress())
  t.is(buffer.shift(), progress)
  t.false(buffer.hasProgress())
  t.is(buffer.shift(), netEnd)
  t.is(buffer.headSeq, 11)
  t.throws(() => buffer.shift(), { message: 'receive buffer is empty' })
})

test('P3.2-3: full at its limit of bytes or of entries; taking entries out makes room', t => {
  const byEntries = new ReceiveBuffer({ bytesMax: 1000, entriesMax: 2 })
  byEntries.add(1, [netEnd])
  t.false(byEntries.isFull())
  byEntries.add(2, [netEnd])
  t.true(byEntries.isFull())
  byEntries.shift()
  t.false(byEntries.isFull())
  const byBytes = new ReceiveBuffer({ bytesMax: 10, entriesMax: 100 })
  byBytes.add(1, [netEnd])
  t.false(byBytes.isFull())
  byBytes.add(2, [netEnd])
  t.true(byBytes.isFull())
})

test('a gap or a repetition in the log is refused', t => {
  const buffer = new ReceiveBuffer({ bytesMax: 1000, entriesMax: 100 })
  buffer.add(1, [netEnd, netEnd])
  t.throws(() => buffer.add(4, [netEnd]), { message: 'log frame starts at seq 4: seq 3 must come next' })
  t.throws(() => buffer.add(2, [netEnd]), { message: 'log frame starts at seq 2: seq 3 must come next' })
  buffer.add(3, [netEnd])
  t.is(buffer.receivedSeq, 3)
})

test('memory stays bounded even if the owner forgets to pause the link', t => {
  const buffer = new ReceiveBuffer({ bytesMax: 100, entriesMax: 1000, overshootBytesMax: 50 })
  const data: LogEntry = { kind: Kind.netData, conn: 1, bytes: new Uint8Array(91) }
  buffer.add(1, [data])
  t.true(buffer.isFull())
  t.throws(() => buffer.add(2, [data]), { message: 'receive buffer holds 200 bytes, more than 150: the link was not paused' })
})

test('agrees with a plain array, over any run of frames and replays', t => {
  const step = fc.oneof(fc.array(entry, { maxLength: 90 }), fc.nat(100))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const buffer = new ReceiveBuffer({ bytesMax: 3000, entriesMax: 100 })
      const queue: LogEntry[] = []
      let received = 0
      for (const action of steps) {
        if (typeof action === 'number') {
          for (let left = Math.min(action, queue.length); left > 0; left--) {
            if (buffer.head() !== queue[0] || buffer.shift() !== queue.shift()) throw new Error('order')
          }
        } else {
          buffer.add(received + 1, action)
          queue.push(...action)
          received += action.length
        }
        const bytes = queue.reduce((sum, one) => sum + entryBytes(one), 0)
        t.deepEqual(
          [buffer.length, buffer.bytes, buffer.headSeq, buffer.receivedSeq, buffer.progressCount, buffer.isFull()],
          [queue.length, bytes, received - queue.length + 1, received,
            queue.filter(one => one.kind === Kind.progress).length, bytes >= 3000 || queue.length >= 100]
        )
      }
    }),
    { numRuns: 200 }
  )
})
