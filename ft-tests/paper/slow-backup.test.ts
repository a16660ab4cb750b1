/**
 * §2.3 and §3.2 with a backup that is much slower than its primary, such as an interpreter behind V8: it replays a long run of
 * the log in slices of its own, and is heard in between.
 */
import test from 'ava'
import type { FakeClient } from './fake-network.ts'
import { FakePair, heartbeatIntervalMs } from './fake-pair.ts'

/** Draws 8 random bytes, runs 100,000 ticks, reads a clock of 8 bytes: one run of the primary, a hundred quanta of the backup. */
const longRun = 'rlm'
const longRunTicks = 100_000
const longRunBytes = 8 + 1 + 8
const quantumTicks = 1000
const msPerTick = 0.01

/** The whole long run is in the backup's log, and it has replayed nothing of it. `acked`: acknowledgements arrive. */
async function withLongRun(acked: boolean): Promise<{ readonly pair: FakePair; readonly client: FakeClient }> {
  const pair = await FakePair.start()
  const client = pair.client()
  await pair.settle()
  if (!acked) pair.toPrimary.loses = ({ type }) => type === 'ack'
  pair.primary.replica.quantumTicks = 10 * longRunTicks
  pair.backup.runsHeld = true
  client.send(longRun)
  await pair.settle()
  return { pair, client }
}

/** One slice of the backup. While its host computes it sees to nothing else. */
async function slice(pair: FakePair): Promise<void> {
  const { backup } = pair
  const { ticks } = backup.machine
  backup.runsHeld = false
  await pair.turn()
  backup.runsHeld = true
  backup.stopped = true
  await pair.pass((backup.machine.ticks - ticks) * msPerTick)
  backup.stopped = false
  await pair.pass(heartbeatIntervalMs / 5)
}

test('P2.3-4 a slow backup is heard, and is not suspected, while it replays one long run of its primary', async (t) => {
  const { pair, client } = await withLongRun(true)
  const { primary, backup } = pair
  const startMs = pair.nowMs
  let spoken = 0
  while (backup.machine.ticks < primary.machine.ticks) {
    const { ticks } = backup.machine
    const { length } = backup.commands
    await slice(pair)
    t.true(backup.machine.ticks - ticks <= quantumTicks, 'a slice is no longer than its own quantum')
    if (backup.commands.slice(length).some((command) => command.do === 'peer')) spoken++
  }
  const tookMs = pair.nowMs - startMs
  t.true(tookMs >= longRunTicks * msPerTick, 'many times what makes a silent one suspicious')
  t.true(spoken >= tookMs / heartbeatIntervalMs / 2, `it spoke ${spoken} times in ${tookMs} ms`)
  t.false(pair.hosts.some((host) => host.has('suspect')))

  backup.runsHeld = false
  client.send('+')
  await pair.settle()
  t.is(client.bytes.length, longRunBytes + 2)
  t.is(backup.hash, primary.hash)
})

for (const acked of [true, false]) {
  const had = acked ? 'has all of the answer' : 'has nothing of the answer yet'
  test(`P2.3-2 the primary dies while its backup is in the middle of a long run, and the client ${had}`, async (t) => {
    const { pair, client } = await withLongRun(acked)
    const { primary, backup } = pair
    for (let i = 0; i < 20; i++) await slice(pair)
    const { replayedSeq, lastSeq } = { ...backup.replica.status(), lastSeq: primary.replica.status().lastSeq }
    t.true(replayedSeq < lastSeq && !backup.machine.idle, 'it is between two slices')
    t.is(client.bytes.length, acked ? longRunBytes : 0)
    const answer = client.take()
    await pair.kill(primary)
    t.is(pair.arbiter.current('vm').holder, 'two')
    t.is(backup.replica.phase, 'draining', 'it has won, and does not go live before it is where the log ends')
    client.send('+')
    for (let i = 0; i < 20; i++) await slice(pair)
    t.is(backup.replica.phase, 'draining')
    t.is(client.bytes.length, 0)

    backup.runsHeld = false
    await pair.settle()
    t.is(backup.replica.phase, 'alone')
    const all = Buffer.concat([answer, client.take()])
    t.is(all.length, longRunBytes + 2, 'nothing twice, nothing lost')
    t.is(all.toString('latin1', 8, 9), 'L')
    t.is(all.toString('latin1', longRunBytes), '01')
    t.is(backup.machine.inputsInjected, primary.machine.inputsInjected + 1)
  })
}

test('P3.1-1 what went live behind such a run can be copied: its new backup is the same machine', async (t) => {
  const { pair, client } = await withLongRun(false)
  const { primary, backup } = pair
  for (let i = 0; i < 20; i++) await slice(pair)
  await pair.kill(primary)
  backup.runsHeld = false
  client.send(longRun)
  await pair.settle()
  const third = pair.addBackup(backup, 'three')
  await pair.pass(100)
  t.is(backup.replica.phase, 'protected')
  t.is(third.hash, backup.hash)
  t.is(client.bytes.length, 2 * longRunBytes)
})
