/** §3.3 Operations on the pair: handing over, moving the backup. */
import test from 'ava'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import { ControlOperation, Kind } from '../../logging-channel/entries.ts'
import type { FakeHost } from './fake-host.ts'
import { FakePair } from './fake-pair.ts'

async function protectedPair(): Promise<{ pair: FakePair; client: ReturnType<FakePair['client']> }> {
  const pair = await FakePair.start({ stateHashIntervalMs: 20 })
  const client = pair.client()
  client.send('+r+')
  await pair.settle()
  client.take()
  return { pair, client }
}

/** The backup is to move: another one joins. */
function move(pair: FakePair): FakeHost {
  pair.primary.inbox.push({ kind: 'moveBackup' })
  return pair.addBackup(pair.primary, 'three')
}

test('P3.3-1 (ours) handing over is a control entry: the backup takes over where it stands, the primary ends in good order', async (t) => {
  const { pair, client } = await protectedPair()
  pair.primary.inbox.push({ kind: 'stepDown' })
  client.send('+')
  await pair.settle()
  const last = pair.entries.at(-1)!
  t.true(last.kind === Kind.control && last.operation === ControlOperation.stepDown)
  t.is(pair.primary.halted?.code, ExitCode.ok)
  t.is(pair.backup.replica.phase, 'alone')
  t.is(pair.backup.replica.role, 'primary')
  t.like(pair.arbiter.current('vm'), { term: 2, holder: 'two' })
  client.send('+')
  await pair.pass(100)
  t.is(client.text, '0304', 'no request is lost, none counted twice')
  const failover = pair.backup.reports.find((report) => report.event === 'failover')
  t.true(failover?.event === 'failover' && failover.record.planned)
})

test('P3.3-1 (ours) a backup that can\'t take over: the primary that handed over goes on', async (t) => {
  const { pair, client } = await protectedPair()
  pair.toBackup.held = true
  pair.primary.inbox.push({ kind: 'stepDown' })
  await pair.settle()
  t.is(pair.primary.replica.phase, 'stepping-down')
  client.send('+')
  await pair.settle()
  t.is(client.text, '', 'it takes no more input')
  await pair.kill(pair.backup, { losing: true })
  t.is(pair.primary.replica.phase, 'alone')
  await pair.settle()
  t.is(client.text, '03')
})

test('P3.3-1 (ours) whoever wins while handing over, exactly one goes on', async (t) => {
  for (let turns = 1; turns < 12; turns++) {
    const { pair, client } = await protectedPair()
    client.send('+')
    pair.primary.inbox.push({ kind: 'stepDown' })
    for (let i = 0; i < turns; i++) await pair.turn()
    await pair.cut()
    await pair.pass(2000)
    t.is(pair.hosts.filter(({ replica }) => replica.phase === 'alone').length, 1, `cut after ${turns} turns`)
    t.is(client.text, '03')
  }
})

test('P3.3-3 (ours) moving the backup: the old one protects until the new one does, then it leaves', async (t) => {
  const { pair, client } = await protectedPair()
  const successor = move(pair)
  pair.lane(pair.primary, successor).loses = ({ type }) => type === 'log'
  await pair.settle()
  t.is(pair.backup.replica.phase, 'replaying')
  t.is(pair.primary.replica.phase, 'protected')
  client.send('+')
  await pair.kill(pair.primary)
  t.is(pair.backup.replica.phase, 'alone', 'the old one takes over')
  t.is(successor.halted?.code, ExitCode.incomplete, 'the new one must not')
  await pair.settle()
  t.is(client.text, '03')
})

test('P3.3-3 (ours) moving the backup: once the new one protects, the old one is gone, without a test-and-set', async (t) => {
  const { pair, client } = await protectedPair()
  const successor = move(pair)
  await pair.settle()
  t.is(pair.backup.halted?.code, ExitCode.ok)
  t.regex(pair.backup.halted!.reason, /three has taken its place/)
  t.is(successor.replica.phase, 'replaying')
  t.like(pair.arbiter.current('vm'), { term: 1, holder: 'one' })
  t.false(pair.primary.has('suspect'))
  client.send('+')
  await pair.settle()
  t.is(client.text, '03')
  t.is(successor.hash, pair.primary.hash)
  await pair.kill(pair.primary)
  t.is(successor.replica.phase, 'alone')
})

test('P3.3-3 (ours) while both may take over, outputs wait for both', async (t) => {
  const { pair, client } = await protectedPair()
  const successor = move(pair)
  // The old one does not hear that it is to go: it could still take over.
  pair.toBackup.loses = ({ type }) => type === 'retire'
  await pair.settle()
  t.is(successor.replica.phase, 'replaying')
  t.is(pair.backup.replica.phase, 'replaying')
  pair.toPrimary.loses = ({ type }) => type === 'ack'
  client.send('+')
  await pair.settle()
  t.is(client.text, '')
  await pair.kill(pair.primary)
  await pair.pass(500)
  const [one] = [pair.backup, successor].filter(({ replica }) => replica.phase === 'alone')
  t.truthy(one)
  t.is([pair.backup, successor].filter(({ halted }) => halted?.code === ExitCode.lost).length, 1)
  t.is(client.text, '03')
})

test('P3.3-3 (ours) the old one lost while both may take over: a new term, and the new one is marked in it', async (t) => {
  const { pair, client } = await protectedPair()
  const successor = move(pair)
  pair.toBackup.loses = ({ type }) => type === 'retire'
  await pair.settle()
  await pair.kill(pair.backup)
  await pair.settle()
  t.is(pair.primary.replica.phase, 'protected')
  t.is(pair.primary.replica.term, 2)
  t.is(successor.replica.term, 2)
  t.is(successor.replica.phase, 'replaying')
  client.send('+')
  await pair.settle()
  await pair.kill(pair.primary)
  t.is(successor.replica.phase, 'alone')
  t.is(client.text, '03')
})

test('P3.3-3 (ours) a second backup that nobody asked for is turned away', async (t) => {
  const { pair } = await protectedPair()
  const stranger = pair.addBackup(pair.primary, 'three')
  await pair.settle()
  t.is(stranger.halted?.code, ExitCode.refused)
  t.is(pair.primary.replica.phase, 'protected')
})
