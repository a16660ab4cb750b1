/** §3.1 Starting and restarting FT VMs: a new backup for a machine that runs. */
import test from 'ava'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import { Kind } from '../../logging-channel/entries.ts'
import type { FakeHost } from './fake-host.ts'
import type { FakeClient } from './fake-network.ts'
import { FakePair } from './fake-pair.ts'

type Alone = { readonly pair: FakePair; readonly live: FakeHost; readonly client: FakeClient }

/** A primary that is alone after a while of service, and its client. */
async function alone(lost: 'primary' | 'backup' = 'backup'): Promise<Alone> {
  const pair = await FakePair.start({ stateHashIntervalMs: 20 })
  const client = pair.client()
  client.send('+r+k+')
  await pair.settle()
  await pair.kill(lost === 'backup' ? pair.backup : pair.primary)
  client.take()
  return { pair, live: lost === 'backup' ? pair.primary : pair.backup, client }
}

test('P3.1-1 (ours) a primary boots with one backup: another one that has its hello, and was not taken, never goes live', async (t) => {
  const pair = await FakePair.start({ connect: false })
  const { primary, backup } = pair
  pair.toPrimary.loses = () => true
  for (const host of pair.hosts) host.inbox.push({ kind: 'peerOpen' })
  await pair.settle()
  t.is(backup.replica.phase, 'joining', 'it can not know whether it is the one')
  const third = pair.addBackup(primary, 'three')
  await pair.settle()
  t.is(primary.replica.phase, 'protected')
  t.is(third.replica.phase, 'replaying')
  const client = pair.client()
  client.send('+')
  await pair.pass(1000)
  t.is(client.text, '01')
  t.is(backup.asked, 0, 'it suspects nobody')

  await pair.kill(primary)
  await pair.pass(1000)
  t.is(backup.halted?.code, ExitCode.refused)
  t.is(third.replica.phase, 'alone')
  client.send('+')
  await pair.settle()
  t.is(client.text, '0102')
})

test('P3.1-1 (ours) a backup that was told to boot, and comes when the machine runs already, is refused and may come again', async (t) => {
  const pair = await FakePair.start({ connect: false })
  const { primary, backup } = pair
  pair.toPrimary.held = true
  for (const host of pair.hosts) host.inbox.push({ kind: 'peerOpen' })
  await pair.settle()
  const third = pair.addBackup(primary, 'three')
  await pair.settle()
  await pair.kill(third)
  t.is(primary.replica.phase, 'alone')

  pair.toPrimary.held = false
  await pair.pass(100)
  t.is(backup.halted?.code, ExitCode.refused)
  t.regex(backup.halted?.reason ?? '', /has booted without it/)
  const fourth = pair.addBackup(primary, 'four')
  await pair.pass(100)
  t.is(fourth.replica.phase, 'replaying')
})

test('P3.1-1 (ours) a backup that is told to boot, and hears nothing more, gives up', async (t) => {
  const pair = await FakePair.start({ connect: false })
  const { primary, backup } = pair
  pair.toPrimary.loses = () => true
  for (const host of pair.hosts) host.inbox.push({ kind: 'peerOpen' })
  await pair.pass(9000)
  t.is(primary.replica.phase, 'waiting')
  t.is(backup.replica.phase, 'joining')
  await pair.pass(2000)
  t.is(backup.asked, 0)
  t.is(backup.halted?.code, ExitCode.refused)
})

for (const lost of ['primary', 'backup'] as const) {
  test(`P3.1-1 a backup is started for a machine that runs, in any state: after the ${lost} was lost`, async (t) => {
    const { pair, live, client } = await alone(lost)
    t.is(live.replica.phase, 'alone')
    client.send('+wt')
    const backup = pair.addBackup(live, 'three')
    await pair.settle()
    t.is(live.replica.phase, 'protected')
    t.is(backup.replica.phase, 'replaying')
    client.send('+k+r')
    await pair.pass(500)
    t.is(backup.hash, live.hash, 'the clone is the same machine, and goes on the same')
    t.is(backup.machine.ticks, live.machine.ticks)

    client.take()
    client.send('t')
    await pair.settle()
    await pair.kill(live)
    t.is(backup.replica.phase, 'alone')
    client.send('+')
    await pair.pass(100)
    t.is(client.text, 'T07', 'it serves, and the timer that was under way expires')
  })
}

test('P3.1-1 again and again: whoever is live gets a new backup in turn', async (t) => {
  const { pair, live, client } = await alone()
  let primary = live
  for (let round = 1; round <= 10; round++) {
    const backup = pair.addBackup(primary, `backup ${round}`)
    await pair.settle()
    t.is(primary.replica.phase, 'protected')
    client.send('+k')
    await pair.settle()
    await pair.kill(primary)
    t.is(backup.replica.phase, 'alone', `round ${round}`)
    t.is(backup.replica.term, 2 + round)
    primary = backup
  }
  const counts = [...client.text.matchAll(/\d\d/g)].map(([count]) => Number(count))
  t.is(client.bytes.length, 10 * 10)
  t.true(counts.includes(4) && counts.includes(13))
})

test('P3.1-2 cloning leaves the source running: clients are served while the snapshot is under way, the log beside it', async (t) => {
  const { pair, live, client } = await alone()
  const backup = pair.addBackup(live, 'three')
  while (!live.has('snapshot')) await pair.turn()
  pair.lane(backup, live).held = true // no acks: the snapshot stays under way
  await pair.settle()
  t.true(live.reports.some((report) => report.event === 'snapshot' && report.copyMs < 1000))
  t.is(live.replica.phase, 'alone')
  client.send('+++')
  await pair.settle()
  t.is(client.text, '040506', 'not protected yet, so nothing waits')

  pair.lane(backup, live).held = false
  await pair.settle()
  t.is(live.replica.phase, 'protected')
  t.is(live.replica.role, 'primary')
  t.is(backup.replica.role, 'backup')
  t.is(backup.hash, live.hash)
})

test('P3.1-2 (ours) from the protected mark on outputs wait for the new backup; before it none does', async (t) => {
  const { pair, live, client } = await alone()
  const backup = pair.addBackup(live, 'three')
  const acks = pair.lane(backup, live)
  acks.loses = ({ type }) => type === 'ack' // all but the word that it has the log
  await pair.settle()
  t.is(live.replica.phase, 'marking')
  t.true(pair.entries.some(({ kind }) => kind === Kind.protectedMark))
  client.send('+')
  await pair.settle()
  t.is(client.text, '', 'the output rule holds again')
  t.false(live.has('protected') && live.reports.findLast(({ event }) => event === 'protected')!.event === 'alone')

  await pair.kill(live)
  t.is(backup.replica.phase, 'alone', 'it holds the mark: it may take over, whether the primary knows or not')
  t.is(client.text, '04')
})

test('P3.1-2 (ours) a backup that is not complete never goes live: the service is lost, and that is said', async (t) => {
  for (const until of ['nothing', 'snapshot', 'log'] as const) {
    const { pair, live, client } = await alone()
    const backup = pair.addBackup(live, 'three')
    const toBackup = pair.lane(live, backup)
    if (until === 'nothing') toBackup.loses = ({ type }) => type === 'snapshot' || type === 'log'
    if (until === 'snapshot') toBackup.loses = (message) => (message.type === 'snapshot' && message.last) || message.type === 'log'
    if (until === 'log') toBackup.loses = ({ type }) => type === 'log' // the mark with it
    client.send('+')
    await pair.settle()
    await pair.kill(live)
    await pair.pass(30_000)
    t.is(backup.halted?.code, ExitCode.incomplete, until)
    t.regex(backup.halted!.reason, /lost the primary .* before it was complete, and must not go live: it (holds|does not|has no)/)
    t.is(backup.asked, 0, 'it does not even ask')
    t.like(pair.arbiter.current('vm'), { term: 2, holder: 'one' })
  }
})

test('P3.1-2 (ours) a new backup lost before its mark costs nothing: no test-and-set, no held output', async (t) => {
  const { pair, live, client } = await alone()
  const backup = pair.addBackup(live, 'three')
  pair.lane(live, backup).loses = (message) => message.type === 'snapshot' && message.last
  await pair.settle()
  const { asked } = live
  await pair.kill(backup)
  t.true(live.has('backup-lost'))
  t.is(live.replica.phase, 'alone')
  t.is(live.asked, asked)
  client.send('+')
  await pair.settle()
  t.is(client.text, '04')
  const next = pair.addBackup(live, 'four')
  await pair.settle()
  t.is(live.replica.phase, 'protected')
  t.is(next.hash, live.hash)
})

test('P3.1-2 (ours) lost after the mark was sent, a test-and-set decides, as for any backup', async (t) => {
  const { pair, live, client } = await alone()
  const backup = pair.addBackup(live, 'three')
  pair.lane(backup, live).loses = ({ type }) => type === 'ack'
  await pair.settle()
  client.send('+')
  await pair.settle()
  await pair.cut()
  await pair.settle()
  const won = [live, backup].filter((host) => host.replica.phase === 'alone')
  t.is(won.length, 1)
  t.is([live, backup].find((host) => host !== won[0])!.halted?.code, ExitCode.lost)
  t.is(client.text, '04')
})

test('P3.1-2 (ours) a guest that runs without a pause is not copied; that is told, and done at its next pause', async (t) => {
  const { pair, live, client } = await alone()
  live.runsHeld = true
  client.send('l')
  await pair.settle()
  const backup = pair.addBackup(live, 'three')
  await pair.pass(2500)
  t.is(live.reports.filter(({ event }) => event === 'no-boundary').length, 2)
  t.is(backup.replica.phase, 'receiving')
  live.runsHeld = false
  await pair.settle()
  t.is(live.replica.phase, 'protected')
  t.is(backup.hash, live.hash)
})

test('P3.1-2 (ours) one new backup at a time, and none beside one that protects', async (t) => {
  const { pair, live } = await alone()
  const first = pair.addBackup(live, 'three')
  pair.lane(live, first).loses = (message) => message.type === 'snapshot' && message.last
  await pair.settle()
  const second = pair.addBackup(live, 'four')
  await pair.settle()
  t.is(second.halted?.code, ExitCode.refused)
  pair.lane(live, first).loses = () => false
  await pair.kill(first)
  pair.addBackup(live, 'five')
  await pair.settle()
  const third = pair.addBackup(live, 'six')
  await pair.settle()
  t.is(third.halted?.code, ExitCode.refused)
  t.is(live.replica.phase, 'protected')
})

test('P3.1-2 a machine with much in its hands: outputs that no switch has taken are in the snapshot', async (t) => {
  const { pair, live, client } = await alone()
  live.outputsLost = true
  client.send('+')
  const backup = pair.addBackup(live, 'three')
  await pair.settle()
  t.is(client.text, '')
  await pair.kill(live)
  t.is(backup.replica.phase, 'alone')
  client.send('+')
  await pair.settle()
  t.is(client.text, '0405')
})
