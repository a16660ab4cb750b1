import test from 'ava'
import type { EngineState } from '../../hypervisor/machine/engine-state.ts'
import { engineTest, v8Fixture, word } from './guest-fixture.ts'
import type { MakeFixture } from './guest-fixture.ts'

/** Touches every kind of state; `$causes` says what to do next. */
const EVERYTHING = {
  imports: '(import "ft" "timer_next" (func $host (result i32)))',
  fields: `(type $v (func (result i32)))
    (global $i (mut i32) (i32.const 1)) (global $fixed i32 (i32.const 9)) (global $l (mut i64) (i64.const -2))
    (global $f (mut f32) (f32.const 0)) (global $d (mut f64) (f64.const 0)) (global $s (mut v128) (v128.const i32x4 1 2 3 4))
    (global $r (mut funcref) (ref.func $two)) (global $e (mut externref) (ref.null extern))
    (table $calls 4 funcref) (table $still 3 funcref) (table $none 1 5 externref)
    (elem (table $calls) (i32.const 1) func $one $two) (elem (table $still) (i32.const 0) func $two $host)
    (elem $late func $host $one) (elem declare func $three)
    (data (i32.const 0) "start") (data $later "later")
    (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2) (func $three (result i32) i32.const 3)
    (func $sum (param $at i32) (result i32) (local $i i32) (local $sum i32)
      (loop (if (i32.eqz (ref.is_null (table.get $calls (local.get $i))))
          (then (local.set $sum
            (i32.add (i32.mul (local.get $sum) (i32.const 10)) (call_indirect $calls (type $v) (local.get $i))))))
        (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (table.size $calls))))
      (local.get $sum))`,
  interrupt: `
    (if (i32.eq (local.get 0) (i32.const 1)) (then
      (global.set $i (i32.const -5)) (global.set $l (i64.const 0x8000000000000001)) (global.set $f (f32.load (i32.const 100)))
      (global.set $d (f64.load (i32.const 104))) (global.set $s (v128.load (i32.const 100))) (global.set $r (ref.func $three))
      (drop (table.grow $calls (ref.func $three) (i32.const 2))) (table.set $calls (i32.const 0) (ref.func $host))
      (drop (table.grow $none (ref.null extern) (i32.const 2))) (table.set $calls (i32.const 1) (ref.null func))
      (drop (memory.grow (i32.const 2))) (i32.store (i32.const 190000) (i32.const 77)) (i32.store (i32.const 0) (i32.const 0))
      (data.drop $later) (elem.drop $late)))
    (if (i32.eq (local.get 0) (i32.const 2)) (then
      (i32.store (i32.const 8) (call $sum (i32.const 0)))
      (table.set $calls (i32.const 0) (global.get $r)) (i32.store (i32.const 12) (call_indirect $calls (type $v) (i32.const 0)))
      (f32.store (i32.const 16) (global.get $f)) (f64.store (i32.const 24) (global.get $d))
      (i64.store (i32.const 32) (global.get $l))
      (v128.store (i32.const 48) (global.get $s)) (i32.store (i32.const 64) (call_indirect $still (type $v) (i32.const 1)))))
    (if (i32.eq (local.get 0) (i32.const 3)) (then (memory.init $later (i32.const 0) (i32.const 0) (i32.const 5))))
    (if (i32.eq (local.get 0) (i32.const 4)) (then (table.init $calls $late (i32.const 0) (i32.const 0) (i32.const 2))))
    (if (i32.eq (local.get 0) (i32.const 5)) (then unreachable))`,
}
const calls = { timer_next: () => 8 }
const make = (fixture: MakeFixture) => fixture(EVERYTHING, { calls })

/** Bits that no JS number carries: signalling NaNs. */
function putNaNs(memory: Uint8Array): void {
  const words = new Uint32Array(memory.buffer, memory.byteOffset)
  words.set([0x7fa00001, 0x00000007, 0xfff40000, 0x12345678], 25)
}

async function changed(fixture: MakeFixture): Promise<ReturnType<typeof make>> {
  const guest = make(fixture)
  await guest.call(0, undefined, 'ft_start')
  putNaNs(guest.engine.memory())
  await guest.call(1)
  return guest
}

engineTest('a state tells every mutable thing: bits of globals, functions by index + 1, dropped segments, memory', async (t, fixture) => {
  const state = (await changed(fixture)).engine.snapshot()
  t.deepEqual([...state.globals], [
    0xfffffffb, 1, 0x80000000, 0x7fa00001, 7, 0xfff40000, 0x7fa00001, 7, 0xfff40000, 0x12345678, 4, 0
  ])
  t.deepEqual(state.tables.map(entries => [...entries]), [[1, 0, 3, 0, 4, 4], [3, 1, 0], [0, 0, 0]])
  t.deepEqual([...state.droppedData], [1, 1])
  t.deepEqual([...state.droppedElements], [1, 1, 1, 1])
  t.is(state.memory.length, 3 * 65536)
  t.is(state.frames, undefined)
})

engineTest('a new engine goes on from a state as the old one does', async (t, fixture) => {
  const old = await changed(fixture)
  const state = old.engine.snapshot()
  const young = make(fixture)
  young.engine.restore(state)
  t.deepEqual(young.engine.snapshot(), state)
  for (const { engine, call } of [old, young]) {
    t.deepEqual(await call(2), { kind: 'idle' })
    t.deepEqual([word(engine, 8), word(engine, 12), word(engine, 64)], [8233, 3, 8])
    t.deepEqual([word(engine, 16), word(engine, 24), word(engine, 28), word(engine, 36)], [0x7fa00001, 7, 0xfff40000, 0x80000000])
    t.deepEqual([48, 52, 56, 60].map(at => word(engine, at)), [0x7fa00001, 7, 0xfff40000, 0x12345678])
  }
  t.deepEqual(young.engine.snapshot(), old.engine.snapshot())
  t.is((await old.call(3)).kind, 'trap')
  t.deepEqual(await young.call(3), await make(fixture).call(5).then(() => ({ kind: 'trap', message: 'out of bounds memory access' })))
})

engineTest('an engine goes back: memory and tables shrink, dropped segments return, and a trap is undone', async (t, fixture) => {
  const guest = make(fixture)
  await guest.call(0, undefined, 'ft_start')
  const early = guest.engine.snapshot()
  await guest.call(1)
  t.is((await guest.call(5)).kind, 'trap')
  t.throws(() => guest.engine.snapshot(), { message: /snapshot while the engine is dead/ })
  guest.engine.restore(early)
  t.deepEqual(guest.engine.snapshot(), early)
  t.deepEqual(await guest.call(3), { kind: 'idle' })
  t.deepEqual(await guest.call(4), { kind: 'idle' })
  t.is(new TextDecoder().decode(guest.engine.memory().subarray(0, 5)), 'later')
})

engineTest('tables() lists changeable tables only, by length and entries', async (t, fixture) => {
  const { engine } = await changed(fixture)
  t.deepEqual([...engine.tables()], [6, 1, 0, 3, 0, 4, 4, 3, 0, 0, 0])
  t.is(fixture({ fields: '(table 2 funcref) (elem (i32.const 0) $f) (func $f)' }).engine.tables().length, 0)
})

engineTest('ticks go on from the state', async (t, fixture) => {
  const loop = { interrupt: '(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))' }
  const first = fixture(loop)
  await first.call(1000)
  const state = { ...first.engine.snapshot(), ticks: 2 ** 40 }
  const { engine, call, run } = fixture(loop)
  engine.restore(state)
  t.is(engine.ticks, 2 ** 40)
  t.deepEqual(await call(100, 2 ** 40 + 60), { kind: 'tick' })
  t.is(engine.ticks, 2 ** 40 + 60)
  t.throws(() => { engine.restore(state) }, { message: /restore while the engine is stopped/ })
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(engine.ticks, 2 ** 40 + 100)
})

engineTest('a copy of memory goes where there is room, whatever was there', async (t, fixture) => {
  const { engine } = await changed(fixture)
  const room = new Uint8Array(4 * 65536).fill(0xee)
  const state = engine.snapshot(room)
  t.is(state.memory.buffer, room.buffer)
  t.deepEqual(state.memory, engine.memory().slice())
  t.not(engine.snapshot(new Uint8Array(65536)).memory.length, 65536)
})

engineTest('a memory can be put together in room that the engine gives', async (t, fixture) => {
  const old = await changed(fixture)
  const state = old.engine.snapshot()
  const { engine, call } = make(fixture)
  t.throws(() => engine.restoreRoom(65 * 65536), { message: /bytes of memory, expected 1 to 64 pages/ })
  const room = engine.restoreRoom(state.memory.length)
  t.true(room.every(byte => byte === 0))
  room.set(state.memory)
  engine.restore({ ...state, memory: room })
  t.deepEqual(engine.snapshot().globals, state.globals)
  await old.call(2)
  await call(2)
  t.true(Buffer.from(engine.memory()).equals(old.engine.memory()))
})

test('V8: what was put together in that room is not copied, and nothing but a restore may follow', async t => {
  const state = (await changed(v8Fixture)).engine.snapshot()
  const { engine } = make(v8Fixture)
  const room = engine.restoreRoom(state.memory.length)
  t.throws(() => { engine.enter('ft_start', 0) }, { message: /dead/ })
  engine.restore({ ...state, memory: room })
  t.is(engine.memory().buffer, room.buffer)
  // Its own memory, once it has run, is no such room: the state is put into a new instance.
  engine.restore({ ...state, memory: engine.memory() })
  t.not(engine.memory().buffer, room.buffer)
})

engineTest('a state of another shape is refused, and the engine stays as it was', async (t, fixture) => {
  const { engine } = await changed(fixture)
  const state = engine.snapshot()
  const refuses = (change: Partial<EngineState>, message: RegExp): void => {
    t.throws(() => { engine.restore({ ...state, ...change }) }, { message })
  }
  refuses({ globals: new Uint32Array(11) }, /found 11 global words, expected 12/)
  refuses({ globals: state.globals.with(10, 5_000) }, /5000 in word 10 of the globals, expected 0 or the index/)
  refuses({ globals: state.globals.with(11, 1) }, /1 in word 11 of the globals, expected 0, as no guest/)
  refuses({ tables: state.tables.slice(1) }, /found 2 tables, expected 3/)
  refuses({ tables: [state.tables[0], new Uint32Array(4), state.tables[2]] }, /found other entries in table 1, expected those/)
  refuses({ tables: [state.tables[0], state.tables[1], new Uint32Array(6)] }, /found 6 entries in table 2, expected 1 to 5/)
  refuses({ tables: [Uint32Array.of(1, 2, 3, 99), state.tables[1], state.tables[2]] }, /99 in table 0/)
  refuses({ tables: [state.tables[0], state.tables[1], Uint32Array.of(1)] }, /1 in table 2/)
  refuses({ tables: [state.tables[0], Uint32Array.of(3, 0, 0), state.tables[2]] }, /table 1/)
  refuses({ memory: new Uint8Array(0) }, /found 0 bytes of memory, expected 1 to 64 pages/)
  refuses({ memory: new Uint8Array(65 * 65536) }, /bytes of memory/)
  refuses({ memory: new Uint8Array(65537) }, /65537 bytes of memory/)
  refuses({ droppedData: Uint8Array.of(1) }, /found 1 data segments, expected 2/)
  refuses({ droppedData: Uint8Array.of(0, 1) }, /data segment 0 marked 0/)
  refuses({ droppedElements: Uint8Array.of(1, 1, 7, 1) }, /element segment 2 marked 7/)
  refuses({ ticks: 1.5 }, /1.5 ticks/)
  t.deepEqual(engine.snapshot(), state)
})

test('V8 takes and restores no guest frames', async t => {
  const { engine, call } = v8Fixture({ interrupt: '(loop (br 0))' })
  const state = engine.snapshot()
  t.throws(() => { engine.restore({ ...state, frames: new Uint8Array(1) }) }, { message: /only the interpreter restores frames/ })
  await call(1, 5)
  t.throws(() => engine.snapshot(), { message: /snapshot while the engine is stopped/ })
})
