/** Practical implementation, §3.2 (logging channel), §3.3 (power off) and §3.5 (network). */
import test from 'ava'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import type { Command } from '../../hypervisor/ft/events.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { FakePair } from './fake-pair.ts'

const isLog = (command: Command): boolean => command.do === 'peer' && command.message.type === 'log'

test('P3.2-1 the primary flushes at once; the backup acks when it has read entries into its buffer', async (t) => {
  const pair = await FakePair.start()
  pair.backup.runsHeld = true
  const client = pair.client()
  const step = pair.primary.commands.length
  client.send('+')
  await pair.turn()
  const [first, ...rest] = pair.primary.commands.slice(step)
  // The step that took the input sends its entry, before it is even known what the guest makes of it.
  t.deepEqual([first, ...rest].slice(0, 2).map((command) => command.do), ['run', 'peer'])
  t.true(isLog(rest[0]))

  await pair.settle()
  t.true(pair.backup.replica.status().bufferedEntries > 0, 'they are in its buffer, not replayed')
  t.is(pair.primary.replica.status().ackedSeq, pair.primary.replica.status().lastSeq)
})

test('P3.2-2 backup\'s buffer empty: it stops until there is an entry, and no client notices', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('+')
  await pair.settle()
  const runs = (): number => pair.backup.commands.filter((command) => command.do === 'run').length
  const before = runs()
  t.is(pair.backup.replica.status().bufferedEntries, 0)
  await pair.pass(1000)
  t.is(runs(), before, 'it does not run where the log does not say so')
  client.send('+')
  await pair.settle()
  t.true(runs() > before)
  t.is(client.text, '0102')
})

test('P3.2-2 the backup never runs ahead: with part of a run\'s entries it waits for the rest', async (t) => {
  const pair = await FakePair.start()
  pair.client().send('mmm')
  await pair.settle()
  const entries = [...pair.entries]
  const { backup } = await FakePair.start({ connect: false })
  const runs = (): number => backup.commands.filter((command) => command.do === 'run').length
  const hello = { ...pair.primary.replica.hello, begins: 'boot' as const }
  backup.inbox.push({ kind: 'peer', message: hello })
  backup.step()
  t.is(entries.filter(({ kind }) => kind === Kind.clock).length, 3, 'they come in one run, before its progress entry')
  let ticks = 0
  for (const [i, entry] of entries.entries()) {
    backup.inbox.push({ kind: 'peer', message: { type: 'log', term: hello.term, seq: i + 1, outputsDelivered: 0, entries: [entry] } })
    for (let commands = backup.step(); commands !== undefined; commands = backup.step()) {
      for (const command of commands) if (command.do === 'run') backup.ask(command.untilTick)
      await backup.runSlice()
    }
    if (entry.kind === Kind.progress) ticks = entry.tick
    t.is(backup.machine.ticks, ticks, `after entry ${i + 1}`)
  }
  t.is(runs(), entries.filter(({ kind }) => kind === Kind.progress).length)
  t.is(backup.hash, pair.primary.hash)
})

test('P3.2-3 primary\'s buffer full: it takes no more input until there is room, and loses none', async (t) => {
  const pair = await FakePair.start({ windowBytesMax: 2000 })
  const clients = Array.from({ length: 100 }, () => pair.client())
  await pair.settle()
  pair.toPrimary.held = true
  for (const client of clients) {
    client.send('+')
    await pair.turn()
  }
  await pair.settle()
  const injected = pair.primary.machine.inputsInjected
  t.true(injected < 200, `${injected} of 200 inputs are taken`)
  t.true(pair.network.core.heldBytes > 0, 'the others wait at the switch')
  await pair.pass(100)
  t.is(pair.primary.machine.inputsInjected, injected)
  t.true(clients.every((client) => client.text === ''))

  pair.toPrimary.held = false
  await pair.settle()
  t.is(pair.primary.machine.inputsInjected, 200)
  t.deepEqual(clients.map((client) => client.text).sort(), clients.map((_, i) => `${(i + 1) % 100}`.padStart(2, '0')).sort())
})

test('P3.2-3 backup\'s buffer full: it stops reading, the primary\'s fills too and it stops; both go on when there is room', async (t) => {
  const windowBytesMax = 2000
  const pair = await FakePair.start({ windowBytesMax })
  pair.backup.turnsPerSlice = 10
  const client = pair.client()
  client.send('lllll')
  let waiting = 0
  for (let moved = true; moved;) {
    const { ticks } = pair.primary.machine
    moved = await pair.turn()
    t.true(pair.backup.replica.status().bufferedEntries * 10 < 3 * windowBytesMax, 'bounded')
    if (pair.primary.machine.ticks === ticks && !pair.primary.machine.idle) waiting++
  }
  const reads = pair.backup.commands.flatMap((command) => command.do === 'readPeer' ? [command.on] : [])
  t.deepEqual(reads.slice(0, 2), [false, true])
  t.true(reads.at(-1))
  t.true(waiting > 1000, `the primary waited for ${waiting} turns in the midst of its guest's code`)
  t.is(client.text, 'LLLLL')
  t.is(pair.backup.hash, pair.primary.hash)
})

test('P3.3-1 a power-off goes to the backup as a control entry and takes effect at the same point', async (t) => {
  const pair = await FakePair.start()
  pair.client().send('+l')
  for (let i = 0; i < 20; i++) await pair.turn() // the guest is in the midst of its loop
  t.false(pair.primary.machine.idle)
  pair.primary.inbox.push({ kind: 'powerOff', reason: 'the operator said so' })
  await pair.pass(2000)
  const at = pair.entries.findIndex(({ kind }) => kind === Kind.control)
  const after = pair.entries.slice(at + 1).map(({ kind }) => kind)
  t.deepEqual(after, [], 'it stands between two runs, and nothing follows')
  t.is(pair.primary.halted?.code, ExitCode.ok)
  t.is(pair.backup.halted?.code, ExitCode.ok)
  t.is(pair.backup.machine.ticks, pair.primary.machine.ticks)
  t.is(pair.backup.hash, pair.primary.hash)
})

test('P3.3-2 power-off of the primary stops the backup instead of making it go live', async (t) => {
  const pair = await FakePair.start()
  pair.primary.inbox.push({ kind: 'powerOff', reason: 'the operator said so' })
  await pair.pass(1000)
  t.is(pair.backup.halted?.code, ExitCode.ok)
  t.false(pair.backup.has('suspect') || pair.backup.has('live'))
  t.is(pair.arbiter.current('vm').term, 1, 'nobody asked for another term')
})

for (const [command, code] of [['o', 9], ['x', ExitCode.trapped]] as const) {
  test(`P3.3-2 a guest that ends by itself (code ${code}) ends both replicas at the same point, however far the backup is`, async (t) => {
    const pair = await FakePair.start()
    pair.backup.runsHeld = true
    pair.client().send(`+l${command}`)
    await pair.pass(2000)
    t.is(pair.primary.halted?.code, code)
    t.is(pair.backup.halted, undefined, 'it has still to replay')

    pair.backup.runsHeld = false
    await pair.settle()
    t.deepEqual(pair.backup.halted, pair.primary.halted)
    t.is(pair.backup.machine.ticks, pair.primary.machine.ticks)
    t.false(pair.backup.has('suspect') || pair.backup.has('live'))
  })
}

test('P3.5-1 the guest\'s network changes only by events in the log; in the midst of its code, too, at the same tick', async (t) => {
  const pair = await FakePair.start()
  pair.backup.runsHeld = true
  const [asking, other] = [pair.client(), pair.client()]
  await pair.settle()
  asking.send('q') // asks for events in a loop, until there is one
  for (let i = 0; i < 7; i++) await pair.turn()
  other.send('+')
  await pair.settle()
  const asked = asking.take().readInt32LE(0)
  t.true(asked > 1000, `it asked ${asked} times`)
  const at = pair.entries.findLastIndex(({ kind }) => kind === Kind.netData)
  const before = pair.entries[at - 1]
  t.true(before.kind === Kind.progress && before.tick > asked - 10, 'the log says after which tick it came')

  pair.backup.runsHeld = false
  await pair.settle()
  t.is(new DataView(pair.backup.machine.engine.memory().slice(2048, 2052).buffer).getInt32(0, true), asked)
  t.is(pair.backup.hash, pair.primary.hash)
})

test('P3.5-2 packets that come together share one interrupt and one frame', async (t) => {
  const pair = await FakePair.start()
  const clients = Array.from({ length: 50 }, () => pair.client())
  await pair.settle()
  const frames = pair.frames.length
  for (const client of clients) client.send('+')
  await pair.settle()
  const sent = pair.frames.slice(frames)
  t.is(sent[0].entries.filter(({ kind }) => kind === Kind.netData).length, 50)
  t.is(sent.flatMap(({ entries }) => entries).filter(({ kind }) => kind === Kind.interrupt).length, 1)
  t.true(sent.length <= 2, 'one with the inputs, one with what the guest made of them')
})

test('P3.5-3 (ours) the step that makes an output flushes its entry; the step that receives an entry acknowledges it', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  await pair.settle()
  client.send('+')
  await pair.turn() // captured
  t.is(pair.primary.inbox.length, 1, 'the run has come to rest')
  const made = pair.primary.step()!
  const frame = made.find(isLog)
  t.true(frame?.do === 'peer' && frame.message.type === 'log' && frame.message.entries.some(({ kind }) => kind === Kind.outputMark))

  t.true(frame?.do === 'peer')
  if (frame?.do !== 'peer') return
  while (pair.toBackup.queue.length > 0) pair.backup.inbox.push({ kind: 'peer', message: pair.toBackup.queue.shift()! })
  pair.backup.inbox.push({ kind: 'peer', message: frame.message })
  for (let commands = pair.backup.step(); commands !== undefined; commands = pair.backup.step()) {
    t.true(commands[0].do === 'peer' && commands[0].message.type === 'ack')
  }
})
