import test from 'ava'
import fc from '../properties.ts'
import { AbiError } from '../../hypervisor/devices/guest-memory.ts'
import { DeviceId } from '../../hypervisor/devices/device.ts'
import { SnapshotError } from '../../hypervisor/machine/snapshot-error.ts'
import { Kind, type SwitchInput } from '../../logging-channel/entries.ts'
import { Board } from './board.ts'

/** Another board that goes on from what this one saved. */
function twin(board: Board, args: readonly string[] = []): Board {
  const other = new Board(args)
  other.machine.restore(board.machine.snapshot())
  return other
}

const saved = (board: Board): string => Buffer.from(board.machine.snapshot().devices).toString('hex')

/** Both boards must answer alike from here on. */
function same<T>(t: { deepEqual: (a: T, b: T) => unknown }, boards: readonly Board[], act: (board: Board) => T): void {
  const [first, second] = boards.map(act) as [T, T]
  t.deepEqual(first, second)
}

test('timers: armed, expired and raised ones go on; nothing is armed outside anew', (t) => {
  const board = new Board()
  for (const timer of [0, 7, 63]) board.call('timer_set', timer, 5)
  for (const timer of [63, 7]) board.machine.inject({ kind: Kind.timer, timer })
  const other = twin(board)
  t.deepEqual(other.armed, [])
  const both = [board, other]
  same(t, both, (b) => b.machine.dueCauses())
  same(t, both, (b) => [b.call('timer_next'), b.call('timer_cancel', 7), b.call('timer_next'), b.call('timer_cancel', 0)])
  t.throws(() => other.machine.inject({ kind: Kind.timer, timer: 1 }), { message: /not armed/ })
  t.is(saved(other), saved(board))
})

test('console: input not yet read, and that it is due', (t) => {
  const board = new Board()
  board.inject({ kind: Kind.console, bytes: Buffer.from('abc') })
  board.inject({ kind: Kind.console, bytes: Buffer.from('defgh') })
  board.call('console_read', 0, 2)
  const other = twin(board)
  same(t, [board, other], (b) => [b.machine.dueCauses(), b.call('console_read', 0, 100), b.text(0, 6)])
  t.is(other.text(0, 6), 'cdefgh')
})

test('clock: the monotonic one still never steps back', (t) => {
  const board = new Board()
  board.clockReadings.push(5000)
  board.call('clock_monotonic')
  const other = twin(board)
  other.clockReadings.push(4999)
  t.throws(() => other.call('clock_monotonic'), { message: /stepped back from 5000 to 4999/ })
})

test('power: arguments are part of the machine', (t) => {
  const board = new Board(['--port', '80'])
  t.is(twin(board, ['--port', '80']).call('args', 0, 100), 10)
  t.throws(() => twin(board, ['--port', '81']), { instanceOf: SnapshotError, message: /other arguments/ })
})

test('the preempt mask and the count of inputs', (t) => {
  const board = new Board()
  board.call('preempt', 2)
  board.open(2)
  board.inject({ kind: Kind.console, bytes: Buffer.from('x') })
  const other = twin(board)
  t.is(other.machine.inputsInjected, 2)
  t.is(other.call('preempt', 0), 2)
})

test('network: ports, connections and their bytes both ways, ids, events', (t) => {
  const board = new Board()
  board.call('net_listen', 80)
  board.call('net_listen', 443)
  for (const conn of [2, 4, 8]) board.open(conn, 80, `192.0.2.1:${conn}`)
  board.data(2, 'hello ')
  board.data(2, 'world')
  board.receive(2, 3)
  board.callWith('net_send', [4], new Uint8Array(70_000))
  board.callWith('net_connect', [], 'db.example')
  board.call('net_connect', 1024, 10, 5432)
  board.call('net_end', 8)
  board.call('net_close', 8)
  board.events(2)
  const other = twin(board)
  const both = [board, other]
  t.is(saved(other), saved(board))
  for (const b of both) b.take()
  same(t, both, (b) => b.machine.network.holds())
  same(t, both, (b) => b.machine.dueCauses())
  same(t, both, (b) => b.events())
  same(t, both, (b) => [b.receive(2), b.receive(4), b.receive(8)])
  same(t, both, (b) => b.callWith('net_send', [4], new Uint8Array(60_000)))
  for (const b of both) {
    b.inject({ kind: Kind.netConnected, conn: 1 })
    b.inject({ kind: Kind.netEnd, conn: 8 })
    b.inject({ kind: Kind.netWindow, conn: 4, bytes: 100 })
    t.throws(() => b.open(6), { message: /ids are never used again/ })
  }
  same(t, both, (b) => [b.call('net_listen', 80), b.call('net_listen', 81), b.call('net_peer', 1, 0, 100)])
  t.is(both[1]!.call('net_listen', 443), AbiError.busy)
  same(t, both, (b) => b.take())
  same(t, both, (b) => b.machine.stateHash(0, 2))
})

const step: fc.Arbitrary<(board: Board) => unknown> = fc.oneof(
  fc.nat(3).map((k) => (b: Board) => b.machine.inject({ kind: Kind.netData, conn: 2 + 2 * k, bytes: Buffer.from('data') })),
  fc.nat(3).map((k) => (b: Board) => b.inject({ kind: Kind.netEnd, conn: 2 + 2 * k })),
  fc.nat(3).map((k) => (b: Board) => b.inject({ kind: Kind.netReset, conn: k + 1 } as SwitchInput)),
  fc.nat(300_000).map((bytes) => (b: Board) => b.callWith('net_send', [2], new Uint8Array(Math.min(bytes, 100_000)))),
  fc.nat(5).map((conn) => (b: Board) => b.receive(conn, 3)),
  fc.nat(5).map((conn) => (b: Board) => b.call('net_close', conn)),
  fc.nat(3).map((max) => (b: Board) => b.events(max)),
  fc.nat(9).map((port) => (b: Board) => b.call('net_listen', port)),
  fc.constant((b: Board) => b.callWith('net_connect', [], 'x')),
  fc.constant((b: Board) => b.call('net_connect', 1024, 4, 80)),
  fc.nat(70).map((timer) => (b: Board) => b.call('timer_set', timer, 1)),
  fc.constant((b: Board) => b.inject({ kind: Kind.console, bytes: Buffer.from('typed') })),
  fc.constant((b: Board) => b.call('clock_monotonic'))
)

test('whatever happened before and happens after, the restored devices are the same', (t) => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 20 }), (before, after) => {
    const board = new Board()
    for (const conn of [2, 4, 6, 8]) board.open(conn)
    for (const act of before) act(board)
    const other = twin(board)
    for (const b of [board, other]) b.take()
    for (const act of after) t.deepEqual(act(other), act(board))
    t.deepEqual(other.take(), board.take())
    t.is(other.machine.stateHash(0, 2), board.machine.stateHash(0, 2))
    t.is(saved(other), saved(board))
  }), { numRuns: 200 })
})

test('damaged device state is refused in one line, or is a state that saves as it was read', (t) => {
  const board = new Board(['a'])
  board.call('net_listen', 80)
  for (const conn of [2, 4]) board.open(conn)
  board.data(4, 'some bytes')
  board.call('timer_set', 3, 1)
  board.machine.inject({ kind: Kind.timer, timer: 3 })
  const snapshot = board.machine.snapshot()
  fc.assert(fc.property(fc.nat(snapshot.devices.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
    const devices = cut ? snapshot.devices.slice(0, at) : snapshot.devices.with(at, snapshot.devices[at]! ^ flip)
    const other = new Board(['a'])
    try {
      other.machine.restore({ ...snapshot, devices })
    } catch (error) {
      t.true(error instanceof SnapshotError && !error.message.includes('\n'), String(error))
      return
    }
    t.deepEqual(other.machine.snapshot().devices, devices)
  }), { numRuns: 2000 })
})

test('a device that this machine does not have is refused by its number', (t) => {
  const board = new Board()
  const { engine, devices } = board.machine.snapshot()
  t.is(devices[10], DeviceId.network)
  const other = { engine, devices: devices.with(10, 99) }
  t.throws(() => new Board().machine.restore(other), { message: /devices 99, 2, 3, 4, 5, 6 in the snapshot/ })
})
