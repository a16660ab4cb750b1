/** §2.3 Detecting and responding to failure. */
import test from 'ava'
import { FailureDetector } from '../../hypervisor/ft/failure-detector.ts'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import { sentenceOf } from '../../hypervisor/host/report-text.ts'
import { FakePair, heartbeatIntervalMs } from './fake-pair.ts'

test('P2.3-1 if the backup fails, the primary leaves recording and goes on alone', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true
  client.send('+')
  await pair.settle()
  t.is(client.text, '')

  await pair.kill(pair.backup, { losing: true })
  t.is(pair.primary.replica.phase, 'alone')
  t.like(pair.arbiter.current('vm'), { term: 2, holder: 'one' })
  t.is(client.text, '01', 'what it held is released')
  const { length } = pair.frames
  client.send('+')
  await pair.settle()
  t.is(client.text, '0102')
  t.is(pair.frames.length, length, 'nothing is recorded any more')
})

test('P2.3-2 if the primary fails, the backup replays every entry it has received, then goes live and sends outputs', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.toPrimary.held = true // the acks never arrive: all of this is with the backup, and with no client
  client.send('+r+k+')
  await pair.settle()
  const { lastSeq } = pair.primary.replica.status()
  const machine = pair.primary.hash

  await pair.kill(pair.primary)
  t.is(pair.backup.replica.phase, 'alone')
  t.true(pair.backup.has('live'))
  t.is(pair.backup.replica.status().replayedSeq, lastSeq)
  t.is(pair.backup.hash, machine)
  t.is(client.bytes.length, 2 + 8 + 2 + 8 + 2)
})

test('P2.3-3 (ours) a new primary announces itself to the switch under a new term; the old term is refused from then on', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+')
  await pair.settle()
  pair.primary.stopped = true
  await pair.pass(500)
  t.like(pair.backup.toSwitch[0], { type: 'attach', term: 2, inputsCaptured: 2 })
  client.send('+')
  await pair.settle()
  t.is(client.text, '0102')

  pair.primary.stopped = false
  await pair.pass(500)
  t.is(pair.primary.halted?.code, ExitCode.lost)
  t.is(pair.network.core.attachedTerm, 2)
  client.send('+')
  await pair.settle()
  t.is(client.text, '010203')
})

test('P2.3-4 heartbeats keep an idle pair together; silence of three intervals is suspicious', async (t) => {
  const pair = await FakePair.start()
  await pair.pass(20 * heartbeatIntervalMs)
  t.false(pair.hosts.some((host) => host.has('suspect')))

  pair.primary.stopped = true
  await pair.pass(2 * heartbeatIntervalMs)
  t.false(pair.backup.has('suspect'))
  await pair.pass(2 * heartbeatIntervalMs)
  t.true(pair.backup.has('suspect'))
  t.true(pair.backup.has('live'))
})

test('P2.3-4 (ours) a replica that was held up holds little of that against its peer, but finds a dead one all the same', (t) => {
  const heldUp = new FailureDetector(50, 3, 0)
  t.false(heldUp.suspects(10))
  t.false(heldUp.suspects(400), 'what the peer said meanwhile may be unread')
  const suspected = Array.from({ length: 20 }, (_, i) => 410 + i * 10).find((ms) => heldUp.suspects(ms))
  t.is(suspected, 520)
  const alwaysHeldUp = new FailureDetector(50, 3, 0)
  const looks = Array.from({ length: 20 }, (_, i) => alwaysHeldUp.suspects((i + 1) * 300))
  t.is(looks.indexOf(true), 5, 'half an interval of each look counts')
})

test('P2.3-4 the flow of log entries and acks counts as much as heartbeats do', async (t) => {
  const pair = await FakePair.start()
  for (const lane of [pair.toBackup, pair.toPrimary]) lane.loses = (message) => message.type === 'heartbeat'
  const client = pair.client()
  for (let i = 0; i < 20; i++) {
    client.send('+')
    await pair.pass(heartbeatIntervalMs)
  }
  t.false(pair.hosts.some((host) => host.has('suspect')))
  await pair.pass(4 * heartbeatIntervalMs)
  t.true(pair.hosts.some((host) => host.has('suspect')), 'without either, there is a suspicion')
})

for (const first of ['primary', 'backup'] as const) {
  test(`P2.3-5 the link breaks and both live: test-and-set lets exactly one go on, the other halts (${first} asks first)`, async (t) => {
    const pair = await FakePair.start()
    const client = pair.client()
    client.send('+')
    await pair.settle()
    const [winner, loser] = first === 'primary' ? [pair.primary, pair.backup] : [pair.backup, pair.primary]
    loser.stopped = true
    await pair.cut()
    loser.stopped = false
    await pair.pass(50)
    client.send('+')
    await pair.settle()

    t.is(winner.replica.phase, 'alone')
    t.is(loser.halted?.code, ExitCode.lost)
    t.like(pair.arbiter.current('vm'), { term: 2, holder: winner.replica.hello.replica })
    t.is(client.text, '0102')
  })
}

test('P2.3-5 a test-and-set whose answer is lost is asked again and gives the same answer', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  pair.arbiter.repliesToLose = 1
  await pair.kill(pair.primary)
  t.false(pair.backup.has('live'), 'without an answer nobody goes live')
  await pair.pass(200)
  t.true(pair.backup.has('live'))
  t.like(pair.arbiter.current('vm'), { term: 2, holder: 'two' })
  client.send('+')
  await pair.settle()
  t.is(client.text, '01')
})

test('P2.3-6 if the shared storage can not be reached, nobody goes live until it can', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+')
  await pair.settle()
  pair.arbiter.isDown = true
  await pair.cut()
  client.send('+')
  await pair.pass(2000)
  for (const host of pair.hosts) {
    t.is(host.replica.phase, 'suspecting')
    t.true(host.asked > 10, 'it goes on asking')
    t.is(host.reports.filter(({ event }) => event === 'arbiter-down').length, 1, 'and says so once')
  }
  t.is(client.text, '01', 'outputs stay held')

  pair.arbiter.isDown = false
  await pair.pass(200)
  t.is(pair.hosts.filter((host) => host.replica.phase === 'alone').length, 1)
  t.is(pair.hosts.filter((host) => host.halted?.code === ExitCode.lost).length, 1)
  t.is(client.text, '0102')
})

test('P2.3-7 (ours) until then the service is said to be unprotected, whoever survives', async (t) => {
  for (const victim of ['primary', 'backup'] as const) {
    const pair = await FakePair.start()
    await pair.kill(pair[victim])
    const survivor = victim === 'primary' ? pair.backup : pair.primary
    const report = survivor.reports.find(({ event }) => event === (victim === 'primary' ? 'live' : 'alone'))!
    t.regex(sentenceOf(report), /UNPROTECTED/)
  }
})
