import test from 'ava'
import { creditStepBytes, receiveSpaceBytes, sendSpaceBytes } from '../../hypervisor/devices/connection.ts'
import { AbiError } from '../../hypervisor/devices/guest-memory.ts'
import { NetEvent } from '../../hypervisor/devices/net-events.ts'
import { RECEIVE_SPACE_BYTES, SEND_SPACE_BYTES } from '../../hypervisor/switch/limits.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { badPointers, Board } from './board.ts'

function connected(): Board {
  const board = new Board()
  board.open(2)
  board.events()
  return board
}

test('listening is an output, once for each port', (t) => {
  const board = new Board()
  t.is(board.call('net_listen', 80), 0)
  t.deepEqual(board.take(), [{ kind: 'listen', port: 80 }])
  t.is(board.call('net_listen', 80), AbiError.busy)
  for (const port of [0, -1, 65536]) t.is(board.call('net_listen', port), AbiError.invalid)
  t.deepEqual(board.take(), [])
})

test('a connection is seen with its port and its peer\'s address', (t) => {
  const board = new Board()
  board.open(2, 80, '192.0.2.7:4321')
  t.deepEqual(board.events(), [{ kind: NetEvent.open, conn: 2, detail: 80 }])
  t.is(board.call('net_peer', 2, 0, 64), 14)
  t.is(board.text(0, 14), '192.0.2.7:4321')
  t.is(board.call('net_peer', 2, 100, 13), 14, 'too small: the length, and nothing copied')
  t.is(board.text(100, 1), '\0')
})

test('events are pulled as many as fit; the rest wait', (t) => {
  const board = new Board()
  for (const conn of [2, 4, 6]) board.open(conn)
  t.deepEqual(board.events(2).map(({ conn }) => conn), [2, 4])
  t.deepEqual(board.events(2).map(({ conn }) => conn), [6])
  t.deepEqual(board.events(2), [])
})

test('one interrupt stands for many packets; pulled, it does not come again', (t) => {
  const board = connected()
  for (let i = 0; i < 10; i++) board.data(2, 'x')
  t.is(board.machine.dueCauses(), 1)
  board.machine.interrupt(1)
  t.is(board.machine.dueCauses(), 0)
  t.deepEqual(board.events(), [{ kind: NetEvent.data, conn: 2, detail: 10 }], 'and one event for all of them')
  t.is(board.receive(2), 'x'.repeat(10))
  board.data(2, 'y')
  t.deepEqual(board.events(), [{ kind: NetEvent.data, conn: 2, detail: 1 }])
})

test('received bytes come in order whatever the pieces are', (t) => {
  const board = connected()
  board.data(2, 'abc')
  board.data(2, 'defg')
  t.is(board.receive(2, 2), 'ab')
  t.is(board.receive(2, 3), 'cde')
  t.is(board.receive(2), 'fg')
  t.is(board.receive(2), '')
})

test('taken bytes are credited to the peer\'s window in steps, none twice and none forgotten', (t) => {
  const board = connected()
  const chunk = new Uint8Array(16384)
  let credited = 0
  for (let i = 0; i < receiveSpaceBytes / chunk.length; i++) {
    board.data(2, chunk)
    board.receive(2)
    for (const output of board.take()) credited += output.kind === 'credit' ? output.bytes : 0
    const taken = (i + 1) * chunk.length
    t.true(taken - credited < creditStepBytes && credited <= taken)
  }
  t.is(credited, receiveSpaceBytes)
})

test('unread bytes are never credited: that is what closes the peer\'s window', (t) => {
  const board = connected()
  board.data(2, new Uint8Array(receiveSpaceBytes))
  t.deepEqual(board.take(), [])
  t.is(board.events()[0].detail, receiveSpaceBytes)
})

test('sending takes as much as there is space for; WRITABLE comes when there is more', (t) => {
  const board = connected()
  const chunk = new Uint8Array(65536)
  for (let i = 0; i < sendSpaceBytes / chunk.length; i++) t.is(board.callWith('net_send', [2], chunk), chunk.length)
  t.is(board.callWith('net_send', [2], 'more'), 0)
  t.deepEqual(board.events(), [])
  board.inject({ kind: Kind.netWindow, conn: 2, bytes: 3 })
  t.deepEqual(board.events(), [{ kind: NetEvent.writable, conn: 2, detail: 3 }])
  t.is(board.callWith('net_send', [2], 'more'), 3)
  t.deepEqual(board.take().at(-1), { kind: 'data', conn: 2, bytes: new Uint8Array(Buffer.from('mor')) })
})

test('WRITABLE is owed only after a send fell short', (t) => {
  const board = connected()
  board.callWith('net_send', [2], 'all of it fits')
  board.inject({ kind: Kind.netWindow, conn: 2, bytes: 14 })
  t.deepEqual(board.events(), [])
})

test('sent bytes are copied out: what the guest does with its buffer later changes nothing', (t) => {
  const board = connected()
  board.callWith('net_send', [2], 'before')
  board.engine.memory().fill(0)
  const [sent] = board.take()
  t.is(sent.kind === 'data' ? Buffer.from(sent.bytes).toString() : '', 'before')
})

test('half-close: the peer\'s end leaves the guest free to send, and to read what is queued', (t) => {
  const board = connected()
  board.data(2, 'last words')
  board.inject({ kind: Kind.netEnd, conn: 2 })
  t.deepEqual(board.events().map(({ kind }) => kind), [NetEvent.data, NetEvent.end])
  t.is(board.receive(2), 'last words')
  t.is(board.callWith('net_send', [2], 'answer'), 6)
  t.is(board.call('net_end', 2), 0)
  t.is(board.call('net_end', 2), AbiError.closed)
  t.is(board.callWith('net_send', [2], 'too late'), AbiError.closed)
  t.deepEqual(board.take().map(({ kind }) => kind), ['data', 'end'])
})

test('half-close: after the guest\'s own end, it still receives', (t) => {
  const board = connected()
  t.is(board.call('net_end', 2), 0)
  board.data(2, 'still coming')
  t.is(board.receive(2), 'still coming')
})

test('close ends the sending side; the id is dead for the guest, and goes when the peer has ended too', (t) => {
  const board = connected()
  t.is(board.call('net_close', 2), 0)
  t.deepEqual(board.take(), [{ kind: 'end', conn: 2 }])
  for (const call of ['net_end', 'net_close', 'net_reset']) t.is(board.call(call, 2), AbiError.conn)
  t.is(board.receive(2), AbiError.conn)
  t.deepEqual(board.machine.network.holds().conns, [2])
  board.inject({ kind: Kind.netEnd, conn: 2 })
  t.deepEqual(board.machine.network.holds().conns, [])
  t.deepEqual(board.events(), [])
  t.deepEqual(board.take(), [])
})

test('close with unread data resets, as TCP does', (t) => {
  const board = connected()
  board.data(2, 'never read')
  t.is(board.call('net_close', 2), 0)
  t.deepEqual(board.take(), [{ kind: 'reset', conn: 2 }])
  t.deepEqual(board.events(), [], 'its events are gone with it')
})

test('data after close is answered by a reset, as TCP does', (t) => {
  const board = connected()
  board.call('net_close', 2)
  board.take()
  board.data(2, 'to nobody')
  t.deepEqual(board.take(), [{ kind: 'reset', conn: 2 }])
})

test('reset by the guest: at once, and the id is dead', (t) => {
  const board = connected()
  t.is(board.call('net_reset', 2), 0)
  t.deepEqual(board.take(), [{ kind: 'reset', conn: 2 }])
  t.is(board.call('net_reset', 2), AbiError.conn)
  board.data(2, 'crossed on the wire')
  t.deepEqual([board.take(), board.events()], [[], []])
})

test('reset by the peer: one event, and the id is dead', (t) => {
  const board = connected()
  board.data(2, 'unread')
  board.inject({ kind: Kind.netReset, conn: 2 })
  t.deepEqual(board.events(), [{ kind: NetEvent.reset, conn: 2, detail: 0 }])
  t.is(board.callWith('net_send', [2], 'x'), AbiError.conn)
  t.deepEqual(board.take(), [])
})

test('an outgoing connection has an odd id at once, and can send once it is connected', (t) => {
  const board = new Board()
  board.engine.memory().set(Buffer.from('db.example'), 0)
  t.is(board.call('net_connect', 0, 10, 5432), 1)
  t.is(board.call('net_connect', 0, 10, 5433), 3)
  t.deepEqual(board.take(), [
    { kind: 'connect', conn: 1, host: 'db.example', port: 5432 },
    { kind: 'connect', conn: 3, host: 'db.example', port: 5433 }
  ])
  t.is(board.callWith('net_send', [1], 'early'), 0)
  board.inject({ kind: Kind.netConnected, conn: 1 })
  board.inject({ kind: Kind.netReset, conn: 3 })
  t.deepEqual(board.events().map(({ kind, conn }) => [kind, conn]), [[NetEvent.connected, 1], [NetEvent.reset, 3]])
  t.is(board.callWith('net_send', [1], 'now'), 3)
})

test('net_connect refuses names and ports that can not be', (t) => {
  const board = new Board()
  for (const [pointer, length, port] of [[0, 0, 80], [0, 256, 80], [0, 9, 0], [0, 9, 65536]]) {
    t.is(board.call('net_connect', pointer, length, port), AbiError.invalid)
  }
  for (const bad of badPointers) t.is(board.call('net_connect', bad, 9, 80), AbiError.fault)
  t.deepEqual(board.take(), [])
})

test('a connection id is never used again', (t) => {
  const board = connected()
  t.throws(() => board.open(2), { message: /never used again/ })
})

test('bad pointers are error codes and change nothing', (t) => {
  const board = connected()
  board.data(2, 'abc')
  for (const bad of badPointers) {
    t.is(board.call('net_events', bad, 1), AbiError.fault)
    t.is(board.call('net_recv', 2, bad, 3), AbiError.fault)
    t.is(board.call('net_send', 2, bad, 3), AbiError.fault)
    t.is(board.call('net_peer', 2, bad, 64), AbiError.fault)
  }
  t.is(board.call('net_send', 2, 0, -1), AbiError.fault, 'a negative length is a huge one')
  t.is(board.receive(2), 'abc')
  t.deepEqual(board.events(), [{ kind: NetEvent.data, conn: 2, detail: 0 }])
  t.deepEqual(board.take(), [])
})

test('a connection that never was is E_CONN', (t) => {
  const board = new Board()
  for (const conn of [0, 1, 2, -2]) {
    for (const call of ['net_end', 'net_close', 'net_reset']) t.is(board.call(call, conn), AbiError.conn)
    t.is(board.call('net_recv', conn, 0, 1), AbiError.conn)
    t.is(board.call('net_send', conn, 0, 1), AbiError.conn)
    t.is(board.call('net_peer', conn, 0, 1), AbiError.conn)
  }
})

test('machine and switch agree on the spaces that ABI.md promises', (t) => {
  t.is(sendSpaceBytes, SEND_SPACE_BYTES)
  t.is(receiveSpaceBytes, RECEIVE_SPACE_BYTES)
})
