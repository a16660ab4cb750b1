/** §2.2 The FT protocol: the output rule and what it is for. */
import test from 'ava'
import { HeldOutputs } from '../../hypervisor/ft/held-outputs.ts'
import { crc32 } from '../../logging-channel/crc32.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { FakePair } from './fake-pair.ts'

// The primary dies after any number of deliveries, with or without what it had just put on the wire.
for (const losing of [false, true]) {
  const fate = losing ? 'lost' : 'delivered'
  test(`P2.2-1 wherever the primary dies (last words ${fate}), the backup is consistent with all that clients have seen`, async (t) => {
    for (let rounds = 0; rounds <= 24; rounds++) {
      const pair = await FakePair.start()
      const [counter, keeper] = [pair.client(), pair.client()]
      for (let i = 0; i < 5; i++) {
        counter.send('+')
        keeper.send('k')
        for (let k = 0; k < 2; k++) if (i * 2 + k < rounds) await pair.turn()
      }
      for (let k = 10; k < rounds; k++) await pair.turn()
      const before = { count: counter.text, kept: keeper.text }
      await pair.kill(pair.primary, { losing })
      counter.send('+')
      keeper.send('k')
      await pair.settle()

      t.true(counter.text.startsWith(before.count) && keeper.text.startsWith(before.kept))
      t.is(counter.text, '010203040506', `after ${rounds} rounds`)
      const numbers = keeper.text.match(/.{8}/gs)!
      t.is(numbers.length, 6)
      t.is(new Set(numbers).size, 1, 'the random number it once told is the one it keeps')
    }
  })
}

test('P2.2-2 no output leaves before the backup has acknowledged the entry of the operation that made it', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true
  client.send('+')
  await pair.settle()
  t.is(client.text, '')
  t.is(pair.primary.replica.status().heldOutputs, 1)
  const mark = pair.entries.findLastIndex(({ kind }) => kind === Kind.outputMark) + 1

  const acks = pair.toPrimary.queue.splice(0)
  const short = acks.map((ack) => ack.type === 'ack' ? { ...ack, ackedSeq: Math.min(ack.ackedSeq, mark - 1) } : ack)
  pair.toPrimary.held = false
  pair.toPrimary.queue.push(...short)
  await pair.settle()
  t.is(client.text, '', 'acknowledged up to the entry before it is not enough')

  pair.toPrimary.queue.push(...acks.slice(-1))
  await pair.settle()
  t.is(client.text, '01')
})

test('P2.2-3 holding an output does not stop the machine', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true
  client.send('+')
  await pair.settle()
  const { ticks, lastSeq } = pair.primary.replica.status()

  client.send('+lt')
  await pair.pass(20)
  t.true(pair.primary.replica.status().ticks > ticks + 100_000, 'it computed')
  t.true(pair.primary.replica.status().lastSeq > lastSeq, 'took input and a timer')
  t.true(pair.entries.some(({ kind }) => kind === Kind.timer))
  t.is(client.text, '', 'and told nobody')

  pair.toPrimary.held = false
  await pair.settle()
  t.is(client.text, '0102LT')
})

test('P2.2-4 receiving an entry is enough for an ack; having replayed it is not needed', async (t) => {
  const pair = await FakePair.start()
  pair.backup.runsHeld = true
  const client = pair.client()
  client.send('+++')
  await pair.settle()
  t.is(client.text, '010203')
  const { ackedSeq, lastSeq } = pair.primary.replica.status()
  t.is(ackedSeq, lastSeq)
  t.true(pair.backup.replica.status().replayedSeq < ackedSeq)
})

test('P2.2-5 on failover the backup replays everything it has received before it goes live', async (t) => {
  const pair = await FakePair.start()
  pair.backup.runsHeld = true
  const client = pair.client()
  client.send('+l+')
  await pair.settle()
  t.is(client.text, '01L02')
  const { ackedSeq } = pair.primary.replica.status()

  await pair.kill(pair.primary)
  client.send('+')
  await pair.pass(100)
  t.is(pair.backup.replica.phase, 'draining')
  t.false(pair.backup.has('live'))
  t.deepEqual(pair.backup.toSwitch, [], 'not a word to the switch until the log is replayed')

  pair.backup.runsHeld = false
  await pair.settle()
  const live = pair.backup.reports.find(({ event }) => event === 'live')
  t.true(live?.event === 'live' && live.entriesReplayed > 100)
  t.true(pair.backup.replica.status().replayedSeq >= ackedSeq)
  t.is(client.text, '01L0203')
})

test('P2.2-6 (ours) a backup forgets what the switch has: it holds no more after a long life than after a short one', (t) => {
  const outputs = new HeldOutputs(crc32)
  for (let through = 1; through <= 100_000; through++) {
    outputs.emit({ kind: 'end', conn: 1 })
    outputs.mark(through)
    if (through % 10 === 0) outputs.delivered(through - 3)
    if (outputs.held > 13) return t.fail(`${outputs.held} outputs held`)
  }
  t.like(outputs.release(Infinity), { first: 99_998 })
  outputs.emit({ kind: 'end', conn: 1 })
  outputs.delivered(100_001)
  outputs.mark(100_001)
  t.is(outputs.release(Infinity), undefined, 'the switch had it before its mark was here')
})

test('P2.2-6 (ours) dead just after sending its last output: by its number, the backup learns that clients have it', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('++')
  await pair.settle()
  t.is(client.text, '0102')
  t.is(pair.backup.replica.status().heldOutputs, 2, 'as far as the backup knows, no reply has left')

  await pair.kill(pair.primary)
  t.is(client.text, '0102', 'sent once')
  t.like(pair.backup.reports.findLast(({ event }) => event === 'attached'), { outputsDelivered: 3 })
  client.send('+')
  await pair.settle()
  t.is(client.text, '010203')
})

test('P2.2-6 (ours) dead just before sending its last output: the backup sends it', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true
  client.send('++')
  await pair.settle()
  t.is(client.text, '')
  await pair.kill(pair.primary)
  t.is(client.text, '0102')
})

test('P2.2-6 (ours) an output that the switch had taken in part is completed, not repeated', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+')
  await pair.settle()
  pair.toPrimary.held = true
  client.send('++')
  await pair.settle()
  t.is(client.text, '01')
  await pair.kill(pair.primary)
  t.is(client.text, '010203')
  const { length } = pair.network.reports.filter(({ kind }) => kind === 'attached')
  t.is(length, 2)
})

test('P2.2-6 (ours) an output that is sent twice all the same takes effect once', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+')
  await pair.settle()
  await pair.kill(pair.primary)
  client.send('+')
  await pair.settle()
  pair.repeatOutputs(pair.backup)
  await pair.settle()
  t.is(client.text, '0102')
  t.like(pair.network.reports.at(-1), { kind: 'duplicatesDropped', term: 2, outputs: 1, bytes: 2 })
})

test('P2.2-7 (ours) input that the dead primary alone had is not lost: the switch gives it to the next one', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true
  client.send('+')
  await pair.settle()
  pair.toBackup.held = true
  client.send('++')
  await pair.settle()
  pair.toPrimary.held = false // the ack of the first comes when the switch has given out the second
  await pair.settle()
  t.is(client.text, '01')
  await pair.kill(pair.primary, { losing: true })
  t.is(client.text, '010203')
  const resent = pair.network.reports.findLast(({ kind }) => kind === 'attached')
  t.like(resent, { term: 2, inputsResent: 1 })
})

test('P2.2-7 (ours) the switch forgets client bytes only once their entry is acknowledged', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  await pair.settle()
  t.is(pair.network.core.heldBytes, 0)
  pair.toBackup.held = true
  client.send('+')
  await pair.settle()
  t.true(pair.network.core.heldBytes > 0)
  pair.toBackup.held = false
  await pair.settle()
  t.is(pair.network.core.heldBytes, 0)
})
