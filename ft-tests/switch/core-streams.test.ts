import test from 'ava'
import { Kind } from '../../logging-channel/entries.ts'
import { CoreFixture } from './core-fixture.ts'

const KIB = 1024

test('a connection made before the guest listens is held with its bytes', (t) => {
  const f = new CoreFixture()
  f.attach()
  const client = f.open()
  f.data(client, 'early')
  f.turn()
  t.deepEqual(f.inputs(), [])
  f.outputs({ kind: 'listen', port: 80 })
  t.deepEqual(f.inputs(), [
    { kind: Kind.netOpen, conn: 2, port: 80, peer: '10.0.0.1:5000' },
    { kind: Kind.netData, conn: 2, bytes: new TextEncoder().encode('early') }
  ])
})

test('P3.5-2 inputs of a turn share one message, consecutive numbers, even ids', (t) => {
  const f = CoreFixture.live()
  const clients = [f.open(), f.open(), f.open()]
  t.deepEqual(clients.map((c) => c.conn), [2, 4, 6])
  f.take()
  for (const client of clients) f.data(client, 'x')
  f.turn()
  const messages = f.messages()
  t.is(messages.length, 1)
  t.like(messages[0], { type: 'inputs', first: 4, inputs: { length: 3 } })
})

test('replies of a turn to one client are one write, in order, then its end', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.take()
  const bytes = (s: string): Uint8Array => new TextEncoder().encode(s)
  f.outputs({ kind: 'data', conn: 2, bytes: bytes('a') }, { kind: 'data', conn: 2, bytes: bytes('b') }, { kind: 'end', conn: 2 })
  const commands = f.take().filter((c) => c.kind !== 'send')
  t.deepEqual(commands, [{ kind: 'write', client, chunks: [bytes('a'), bytes('b')] }, { kind: 'end', client }])
})

test('half-close both ways, then nothing is left', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.step({ kind: 'clientEnded', client })
  f.turn()
  f.outputs({ kind: 'data', conn: 2, bytes: Uint8Array.of(1) }, { kind: 'end', conn: 2 })
  t.deepEqual(f.inputs().map((i) => i.kind), [Kind.netOpen, Kind.netEnd])
  f.take()
  f.step({ kind: 'clientClosed', client })
  f.turn()
  t.deepEqual(f.take(), [])
  t.is(f.core.clientCount, 0)
})

test('a client reset becomes an input once; later outputs to it are counted and dropped', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.take()
  f.step({ kind: 'clientReset', client })
  f.step({ kind: 'clientClosed', client })
  f.turn()
  t.deepEqual(f.inputs(), [{ kind: Kind.netReset, conn: 2 }])
  f.take()
  f.outputs({ kind: 'data', conn: 2, bytes: Uint8Array.of(1) }, { kind: 'credit', conn: 2, bytes: 9 }, { kind: 'end', conn: 2 })
  t.deepEqual(f.take(), [{ kind: 'send', link: f.link, messages: [{ type: 'outputAck', through: 4 }] }])
})

test('a client that comes and goes unseen is never told of', (t) => {
  const f = new CoreFixture()
  const client = f.open()
  f.step({ kind: 'clientReset', client })
  f.attach()
  f.outputs({ kind: 'listen', port: 80 })
  t.deepEqual(f.inputs(), [])
})

test('the guest\'s reset resets the client and drops what waits', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.data(client, 'never taken')
  f.take()
  f.outputs({ kind: 'reset', conn: 2 })
  t.true(f.commands.some((c) => c.kind === 'reset' && c.client === client))
  t.deepEqual(f.inputs(), [])
  t.is(f.core.clientCount, 0)
})

test('outgoing: connect, connected, failed, odd ids', (t) => {
  const f = CoreFixture.live()
  f.outputs({ kind: 'connect', conn: 1, host: 'db', port: 5432 }, { kind: 'connect', conn: 3, host: 'no', port: 1 })
  const [good, bad] = f.take().flatMap((c) => (c.kind === 'connect' ? [c.client] : []))
  f.step({ kind: 'clientConnected', client: good })
  f.step({ kind: 'clientReset', client: bad })
  f.turn()
  t.deepEqual(f.inputs(), [{ kind: Kind.netConnected, conn: 1 }, { kind: Kind.netReset, conn: 3 }])
})

test('receive space: reading pauses at 256 KiB and resumes with room for a read', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.take()
  for (let i = 0; i < 5; i++) f.data(client, new Uint8Array(64 * KIB))
  t.deepEqual(f.kinds(), ['pause'])
  f.turn()
  const sent = f.inputs().reduce((sum, i) => sum + (i.kind === Kind.netData ? i.bytes.length : 0), 0)
  t.is(sent, 256 * KIB)
  f.take()
  f.outputs({ kind: 'credit', conn: 2, bytes: 64 * KIB })
  t.is(f.inputs().length, 1)
  t.false(f.kinds().includes('resume'))
  f.outputs({ kind: 'credit', conn: 2, bytes: 64 * KIB })
  t.true(f.kinds().includes('resume'))
})

test('small chunks that wait are merged into inputs of at most 64 KiB', (t) => {
  const f = new CoreFixture()
  const client = f.open()
  for (let i = 0; i < 1000; i++) f.data(client, new Uint8Array(100).fill(i))
  f.attach()
  f.take()
  f.outputs({ kind: 'listen', port: 80 })
  const data = f.inputs().flatMap((i) => (i.kind === Kind.netData ? [i.bytes] : []))
  t.deepEqual(data.map((bytes) => bytes.length), [64 * KIB, 100_000 - 64 * KIB])
  t.deepEqual(Buffer.concat(data), Buffer.concat(Array.from({ length: 1000 }, (_, i) => new Uint8Array(100).fill(i))))
})

test('window: one report per 64 KiB drained, none for small replies', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.take()
  f.outputs({ kind: 'data', conn: 2, bytes: new Uint8Array(100 * KIB) })
  f.step({ kind: 'clientDrained', client, bytes: 63 * KIB })
  f.turn()
  t.deepEqual(f.inputs(), [])
  f.step({ kind: 'clientDrained', client, bytes: 37 * KIB })
  f.turn()
  t.deepEqual(f.inputs(), [{ kind: Kind.netWindow, conn: 2, bytes: 100 * KIB }])
})

test('held bytes of all clients are bounded: above 64 MiB nobody is read', (t) => {
  const f = CoreFixture.live()
  const clients = Array.from({ length: 300 }, () => f.open())
  f.take()
  for (const client of clients) for (let i = 0; i < 4; i++) if (!client.paused) f.data(client, new Uint8Array(64 * KIB))
  t.true(clients.every((c) => c.paused))
  t.true(f.core.heldBytes <= 64 * KIB * KIB + 64 * KIB)
  f.turn()
  const last = f.messages().reduce((n, m) => (m.type === 'inputs' ? m.first + m.inputs.length - 1 : n), 0)
  f.take()
  // Acknowledged and taken by the guest: reading goes on.
  f.send({ type: 'inputAck', term: 1, through: last })
  const waitedFor = clients.filter((c) => c.inFlightBytes > 0)
  for (const { conn, inFlightBytes } of waitedFor) f.outputs({ kind: 'credit', conn, bytes: inFlightBytes })
  t.false(clients.some((c) => c.paused))
})

test('console input is cut, counted, and paused while unacknowledged', (t) => {
  const f = CoreFixture.live()
  f.step({ kind: 'consoleInput', bytes: new Uint8Array(300 * KIB) })
  t.deepEqual(f.kinds(), ['pauseConsole'])
  f.turn()
  t.is(f.inputs().length, 5)
  f.take()
  f.send({ type: 'inputAck', term: 1, through: 5 })
  t.deepEqual(f.kinds(), ['resumeConsole'])
  t.is(f.core.heldBytes, 0)
})
