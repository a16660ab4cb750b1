import test from 'ava'
import { AbiError } from '../../hypervisor/devices/guest-memory.ts'
import { GuestExit } from '../../hypervisor/machine/engine.ts'
import { Kind } from '../../logging-channel/entries.ts'
import { badPointers, Board, memoryBytes } from './board.ts'

test('timer: armed once, expires once, is pulled once', (t) => {
  const board = new Board()
  t.is(board.call('timer_set', 5, 1500.9), 0)
  t.deepEqual(board.armed, [[5, 1500]], 'whole microseconds')
  t.is(board.call('timer_next'), -1)
  board.machine.inject({ kind: Kind.timer, timer: 5 })
  t.is(board.machine.dueCauses(), 2)
  t.is(board.call('timer_next'), 5)
  t.is(board.call('timer_next'), -1)
  t.throws(() => board.machine.inject({ kind: Kind.timer, timer: 5 }), { message: /not armed/ })
})

test('timer: cancelled before it expires, or before it is pulled', (t) => {
  const board = new Board()
  board.call('timer_set', 1, 10)
  t.is(board.call('timer_cancel', 1), 1)
  t.is(board.call('timer_cancel', 1), 0)
  t.deepEqual(board.disarmed, [1, 1])
  board.call('timer_set', 1, 10)
  board.machine.inject({ kind: Kind.timer, timer: 1 })
  t.is(board.call('timer_cancel', 1), 1)
  t.is(board.call('timer_next'), -1)
})

test('timer: arming again replaces, also one that has expired and was not pulled', (t) => {
  const board = new Board()
  board.call('timer_set', 1, 10)
  board.machine.inject({ kind: Kind.timer, timer: 1 })
  board.call('timer_set', 1, 20)
  t.is(board.call('timer_next'), -1)
  board.machine.inject({ kind: Kind.timer, timer: 1 })
  t.is(board.call('timer_next'), 1)
})

test('timer: numbers and delays out of range', (t) => {
  const board = new Board()
  for (const timer of [-1, 64]) {
    t.is(board.call('timer_set', timer, 1), AbiError.invalid)
    t.is(board.call('timer_cancel', timer), AbiError.invalid)
  }
  for (const delay of [-1, NaN, Infinity, 2 ** 53]) t.is(board.call('timer_set', 0, delay), AbiError.invalid)
  t.deepEqual(board.armed, [])
  t.is(board.call('timer_set', 63, 0), 0)
})

test('preempt: only timers may interrupt running code, and only once the guest has said so', (t) => {
  const board = new Board()
  board.machine.boot()
  board.call('timer_set', 0, 1)
  board.machine.inject({ kind: Kind.timer, timer: 0 })
  board.machine.inject({ kind: Kind.console, bytes: Buffer.from('x') })
  t.is(board.machine.dueCauses(), 0, 'masked at boot')
  t.is(board.call('preempt', -1), 0)
  t.is(board.machine.dueCauses(), 2, 'the timer alone')
  t.is(board.call('preempt', 0), 2, 'the previous mask')
  t.is(board.machine.dueCauses(), 0)
})

test('preempt: a handler that interrupted running code is not interrupted itself', (t) => {
  const board = new Board()
  board.call('preempt', 2)
  board.machine.boot()
  for (const timer of [0, 1]) board.call('timer_set', timer, 1)
  board.machine.inject({ kind: Kind.timer, timer: 0 })
  board.machine.interrupt(2)
  board.machine.inject({ kind: Kind.timer, timer: 1 })
  t.is(board.engine.nesting, 2)
  t.is(board.machine.dueCauses(), 0)
})

test('clock: readings are the outside\'s; a monotonic one that steps back is a defect, not a value', (t) => {
  const board = new Board()
  board.clockReadings.push(500, 400, 700, 600)
  t.is(board.call('clock_wall'), 500)
  t.is(board.call('clock_wall'), 400, 'the wall clock may jump')
  t.is(board.call('clock_monotonic'), 700)
  t.throws(() => board.call('clock_monotonic'), { message: /stepped back/ })
})

test('entropy: as many bytes as asked for, at most 64 KiB, all inside memory', (t) => {
  const board = new Board()
  t.is(board.call('entropy', 10, 4), 0)
  t.deepEqual([...board.engine.memory().subarray(9, 15)], [0, 0xab, 0xab, 0xab, 0xab, 0])
  t.is(board.call('entropy', 0, 65536), 0)
  t.is(board.call('entropy', 0, 65537), AbiError.invalid)
  t.is(board.call('entropy', 0, -1), AbiError.invalid)
  t.is(board.call('entropy', memoryBytes - 3, 4), AbiError.fault)
  t.is(board.call('entropy', memoryBytes, 0), 0, 'nothing, at the very end')
})

test('console: written bytes are an output, typed ones an input', (t) => {
  const board = new Board()
  t.is(board.callWith('console_write', [], 'hello'), 0)
  t.deepEqual(board.take(), [{ kind: 'console', bytes: new Uint8Array(Buffer.from('hello')) }])
  t.is(board.call('console_write', 0, 0), 0)
  t.deepEqual(board.take(), [], 'nothing is no output')
  t.is(board.call('console_write', 0, 65537), AbiError.invalid)

  board.machine.inject({ kind: Kind.console, bytes: Buffer.from('typed') })
  t.is(board.machine.dueCauses(), 4)
  t.is(board.call('console_read', 0, 3), 3)
  t.is(board.text(0, 3), 'typ')
  t.is(board.call('console_read', 0, 100), 2)
  t.is(board.call('console_read', 0, 100), 0)
  for (const bad of badPointers) {
    t.is(board.call('console_write', bad, 2), AbiError.fault)
    t.is(board.call('console_read', bad, 2), AbiError.fault)
  }
})

test('args: UTF-8, each ended by a NUL, copied if there is room', (t) => {
  const board = new Board(['a', 'ü', ''])
  t.is(board.call('args', 0, 0), 6)
  t.is(board.text(0, 6), '\0'.repeat(6), 'not copied')
  t.is(board.call('args', 0, 6), 6)
  t.is(board.text(0, 6), 'a\0ü\0\0')
  for (const bad of badPointers) t.is(board.call('args', bad, 100), AbiError.fault)
  t.is(new Board().call('args', 0, 0), 0)
})

test('power off: an output, and the end of the guest', (t) => {
  const board = new Board()
  const exit = t.throws(() => board.call('power_off', 3), { instanceOf: GuestExit })
  t.is(exit.code, 3)
  t.deepEqual(board.take(), [{ kind: 'powerOff', code: 3 }])
})

test('an entry is never injected into a running machine, nor an interrupt that is not due', (t) => {
  const board = new Board()
  t.throws(() => board.machine.interrupt(1), { message: /due are 0/ })
  board.machine.boot()
  board.machine.run(10, () => {})
  t.throws(() => board.open(2), { message: /running machine/ })
  t.throws(() => board.machine.run(10, () => {}), { message: 'nothing to run' })
})

test('everything the guest could observe of a device changes the state hash', (t) => {
  const changes: ((board: Board) => void)[] = [
    (board) => board.call('net_listen', 9),
    (board) => board.open(4),
    (board) => board.data(2, 'x'),
    (board) => board.callWith('net_send', [2], 'x'),
    (board) => board.inject({ kind: Kind.netEnd, conn: 2 }),
    (board) => board.inject({ kind: Kind.netReset, conn: 2 }),
    (board) => board.inject({ kind: Kind.netWindow, conn: 2, bytes: 1 }),
    (board) => board.call('net_connect', 0, 1, 1),
    (board) => board.call('net_end', 2),
    (board) => board.call('timer_set', 3, 100),
    (board) => board.call('preempt', 2),
    (board) => board.call('clock_monotonic'),
    (board) => board.machine.inject({ kind: Kind.console, bytes: Buffer.from('x') }),
    (board) => board.engine.memory().set([1], memoryBytes - 1)
  ]
  const hashes = changes.map((change) => {
    const board = new Board()
    board.open(2)
    const before = board.machine.stateHash(0, 2)
    change(board)
    const after = board.machine.stateHash(0, 2)
    t.not(after, before, String(change))
    return after
  })
  t.is(new Set(hashes).size, changes.length)
})
