/** §2 Basic design, statement by statement (the numbers are ours; see ft-tests/style/paper-statements.ts). */
import test from 'ava'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { FakePair } from './fake-pair.ts'

test('P2-1 the backup is the same machine, never ahead of the primary and a little behind it', async (t) => {
  const pair = await FakePair.start()
  pair.client().send('+l+r')
  let lagged = false
  for (let moved = true; moved;) {
    moved = await pair.turn()
    t.true(pair.backup.machine.ticks <= pair.primary.machine.ticks)
    lagged ||= pair.backup.machine.ticks < pair.primary.machine.ticks
  }
  t.true(lagged)
  t.is(pair.backup.machine.ticks, pair.primary.machine.ticks)
  t.is(pair.backup.hash, pair.primary.hash)
})

test('P2-2 only the primary is on the network; all its input reaches the backup over the logging channel, in order', async (t) => {
  const pair = await FakePair.start()
  const [a, b] = [pair.client(), pair.client()]
  a.send('+')
  b.send('m')
  await pair.settle()
  a.send('r')
  await pair.settle()

  const inputs = pair.entries.filter(({ kind }) => kind === Kind.netOpen || kind === Kind.netData)
  const told = inputs.map((entry) => entry.kind === Kind.netData ? Buffer.from(entry.bytes).toString() : 'open')
  t.deepEqual(told, ['open', '+', 'open', 'm', 'r'])
  t.is(pair.entries.filter(({ kind }) => kind === Kind.clock || kind === Kind.entropy).length, 2)
  t.deepEqual(pair.backup.toSwitch, [])
  t.is(pair.backup.machine.inputsInjected, pair.primary.machine.inputsInjected)
})

test('P2-3 the backup executes, and its outputs are dropped: each answer reaches the client once', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+++')
  await pair.settle()
  t.is(client.text, '010203')
  t.is(pair.backup.hash, pair.primary.hash)
  t.false(pair.backup.commands.some((command) => command.do === 'switch'))
})

test('P2-4 a replica that finds itself wrong stops before anything of it is seen', async (t) => {
  const pair = await FakePair.start({ stateHashIntervalMs: 10 })
  const client = pair.client()
  client.send('+')
  await pair.settle()
  pair.backup.machine.engine.memory()[70_000] ^= 1 // a bit of its memory goes bad
  for (let i = 0; i < 3; i++) {
    await pair.pass(10)
    client.send('+')
    await pair.settle()
  }

  t.is(pair.backup.halted?.code, ExitCode.divergence)
  t.true(pair.backup.has('divergence'))
  t.deepEqual(pair.backup.toSwitch, [])
  t.deepEqual(pair.backup.replica.step({ kind: 'time' }, pair.nowMs), [], 'halted, it does nothing any more')
  t.true(pair.primary.has('alone'))
  t.is(client.text, '01020304')
})
