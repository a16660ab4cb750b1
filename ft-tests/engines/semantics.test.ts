import test from 'ava'
import type { ExecutionContext } from 'ava'
import { EngineHalt, GuestExit } from '../../hypervisor/machine/engine.ts'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { assembleGuest } from '../wasm/assemble.ts'
import { engineTest, v8Fixture, word } from './guest-fixture.ts'
import type { MakeFixture } from './guest-fixture.ts'

const F32_NAN = 0x7fc00000
const F64_NAN_HIGH = 0x7ff80000

/** Runs expressions of both widths, before and after the engine has compiled their code. */
async function expectCanonical(t: ExecutionContext, fixture: MakeFixture, f32: readonly string[], f64: readonly string[]): Promise<void> {
  const { engine, call } = fixture({
    // A negative NaN with a payload in each width.
    fields: '(data (i32.const 512) "\\01\\00\\c1\\ff\\00\\00\\00\\00\\01\\00\\00\\00\\00\\00\\f9\\ff")',
    interrupt: `(loop
      ${f32.map((code, i) => `(f32.store offset=${i * 4} (i32.const 0) ${code})`).join(' ')}
      ${f64.map((code, i) => `(f64.store offset=${i * 8} (i32.const 64) ${code})`).join(' ')}
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))`,
  })
  for (const times of [1, 200_000]) {
    await call(times)
    f32.forEach((code, i) => t.is(word(engine, i * 4), F32_NAN, code))
    f64.forEach((code, i) => t.deepEqual([word(engine, 64 + i * 8), word(engine, 68 + i * 8)], [0, F64_NAN_HIGH], code))
  }
}

engineTest('NaNs of arithmetic are the canonical positive one, in every lane and after compilation', async (t, fixture) => {
  const f32 = ['(f32.div (f32.const 0) (f32.const 0))', '(f32.sqrt (f32.const -1))', '(f32.sub (f32.const inf) (f32.const inf))',
    '(f32.add (f32.load (i32.const 512)) (f32.const 1))', '(f32.ceil (f32.load (i32.const 512)))',
    '(f32.min (f32.load (i32.const 512)) (f32.const 1))', '(f32.demote_f64 (f64.load (i32.const 520)))',
    '(f32.mul (f32.add (f32.load (i32.const 512)) (f32.const 1)) (f32.const -1))']
  const f64 = ['(f64.div (f64.const 0) (f64.const 0))', '(f64.nearest (f64.load (i32.const 520)))',
    '(f64.promote_f32 (f32.load (i32.const 512)))']
  await expectCanonical(t, fixture, f32, f64)
})

engineTest('NaNs of vector arithmetic are the canonical positive one in every lane', async (t, fixture) => {
  const f32 = ['(f32x4.extract_lane 2 (f32x4.div (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0)))',
    '(f32x4.extract_lane 1 (f32x4.demote_f64x2_zero (v128.load (i32.const 512))))']
  const f64 = ['(f64x2.extract_lane 1 (f64x2.sqrt (v128.load (i32.const 512))))',
    '(f64x2.extract_lane 0 (f64x2.promote_low_f32x4 (v128.load (i32.const 512))))']
  await expectCanonical(t, fixture, f32, f64)
})

engineTest('payloads of NaNs that only move stay as they are, down to the words of globals()', async (t, fixture) => {
  const { engine, call } = fixture({
    fields: `(data (i32.const 0) "\\01\\00\\a0\\7f") (data (i32.const 8) "\\01\\00\\00\\00\\00\\00\\f4\\ff")
      (global $f (mut f32) (f32.const 0)) (global $fixed i32 (i32.const 5)) (global $d (mut f64) (f64.const 0))
      (global $l (mut i64) (i64.const 0x123456789abcdef0)) (global $v (mut v128) (v128.const i32x4 1 2 3 4))
      (func $pass (param f64) (result f64) (local.get 0))`,
    interrupt: `(local $x f32)
      (global.set $f (local.tee $x (select (f32.load (i32.const 0)) (f32.const 1) (i32.const 1))))
      (f32.store (i32.const 32) (f32.neg (local.get $x)))
      (global.set $d (call $pass (f64.load (i32.const 8))))
      (f64.store (i32.const 40) (f64.abs (global.get $d)))`,
  })
  await call(1)
  t.deepEqual([...engine.globals()], [0x7fa00001, 1, 0xfff40000, 0x9abcdef0, 0x12345678, 1, 2, 3, 4])
  t.is(word(engine, 32), 0xffa00001)
  t.deepEqual([word(engine, 40), word(engine, 44)], [1, 0x7ff40000])
})

engineTest('memory grows up to the smaller of its own maximum and the cap', async (t, fixture) => {
  const grown = async (memory: string, memoryPagesMax: number): Promise<number[]> => {
    const { engine, call } = fixture({
      memory,
      interrupt: `(i32.store (i32.const 0) (memory.grow (i32.const 1))) (i32.store (i32.const 4) (memory.grow (i32.const 100)))
        (i32.store (i32.const 8) (memory.grow (i32.const -1))) (i32.store (i32.const 12) (memory.size))`,
    }, { memoryPagesMax })
    await call(1)
    return [0, 4, 8, 12].map(at => word(engine, at) | 0)
  }
  t.deepEqual(await grown('2', 8), [2, -1, -1, 3])
  t.deepEqual(await grown('2 2', 8), [-1, -1, -1, 2])
  t.deepEqual(await grown('2 3', 200), [2, -1, -1, 3])
  t.deepEqual(await grown('2', 200), [2, 3, -1, 103])
  t.throws(() => fixture({ memory: '9' }, { memoryPagesMax: 8 }), {
    message: /a memory of at least 9 pages of 64 KiB, expected at most 8, the machine's memory limit/,
  })
})

engineTest('tables grow up to their maximum or the cap', async (t, fixture) => {
  const { engine, call } = fixture({
    fields: '(table $a 1 funcref) (table $b 1 3 externref)',
    interrupt: `(i32.store (i32.const 0) (table.grow $a (ref.null func) (i32.const 999999)))
      (i32.store (i32.const 4) (table.grow $a (ref.null func) (i32.const 1)))
      (i32.store (i32.const 8) (table.grow $b (ref.null extern) (i32.const 2)))
      (i32.store (i32.const 12) (table.grow $b (ref.null extern) (i32.const 1)))`,
  })
  await call(1)
  t.deepEqual([0, 4, 8, 12].map(at => word(engine, at) | 0), [1, -1, 1, -1])
  t.throws(() => fixture({ fields: '(table 1000001 funcref)' }), { message: /a table of at least 1000001 entries/ })
})

engineTest('every trap has its text', async (t, fixture) => {
  const fields = '(type $v (func)) (table 2 funcref) (elem (i32.const 1) $typed) (func $typed (param i32))'
  const trap = async (interrupt: string): Promise<unknown> => fixture({ fields, interrupt }).call(1)
  const is = async (code: string, message: string): Promise<void> => {
    t.deepEqual(await trap(code), { kind: 'trap', message }, code)
  }
  await is('(unreachable)', TRAP.unreachable)
  await is('(drop (i32.load (i32.const -1)))', TRAP.memory)
  await is('(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))', TRAP.memory)
  await is('(drop (i32.div_s (i32.const 1) (i32.const 0)))', TRAP.divideByZero)
  await is('(drop (i64.rem_u (i64.const 1) (i64.const 0)))', TRAP.divideByZero)
  await is('(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))', TRAP.integerOverflow)
  await is('(drop (i32.trunc_f32_s (f32.const nan)))', TRAP.floatToInteger)
  await is('(call_indirect (type $v) (i32.const 9))', TRAP.table)
  await is('(call_indirect (type $v) (i32.const 0))', TRAP.indirectCall)
  await is('(call_indirect (type $v) (i32.const 1))', TRAP.indirectCall)
  await is('(drop (table.get 0 (i32.const 2)))', TRAP.table)
  await is('(table.copy (i32.const 1) (i32.const 0) (i32.const 2))', TRAP.table)
})

engineTest('a trap or exit in a nested handler ends everything, and the engine says so', async (t, fixture) => {
  const { engine, call } = fixture({
    imports: '(import "ft" "power_off" (func $off (param i32)))',
    interrupt: '(if (i32.eq (local.get 0) (i32.const 2)) (then (call $off (i32.const 7)))) (loop (br 0))',
  }, { calls: { power_off: code => { throw new GuestExit(code) } } })
  t.deepEqual(await call(1, 10), { kind: 'tick' })
  t.deepEqual(await call(2, 20), { kind: 'exit', code: 7 })
  t.is(engine.ticks, 10)
  t.throws(() => { engine.enter('ft_interrupt', 1) }, { message: /while the engine is dead/ })
})

engineTest('ticks are exact at a trap', async (t, fixture) => {
  const { engine, call } = fixture({
    interrupt: '(loop (drop (i32.div_u (i32.const 1) (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (br 0))',
  })
  t.deepEqual(await call(100), { kind: 'trap', message: TRAP.divideByZero })
  t.is(engine.ticks, 100)
})

engineTest('the exception of a host call is the host\'s, never a guest trap', async (t, fixture) => {
  const imports = '(import "ft" "timer_next" (func $next (result i32)))'
  const interrupt = '(drop (call $next))'
  const broken = fixture({ imports, interrupt }, { calls: { timer_next: () => { throw new TypeError('a bug') } } })
  await t.throwsAsync(broken.call(1), { instanceOf: TypeError, message: 'a bug' })
  t.throws(() => { broken.engine.enter('ft_interrupt', 1) }, { message: /dead/ })
})

test('an overflow of the stack in V8 is the host\'s', async t => {
  const deep = (): number => deep() + 1
  const imports = '(import "ft" "timer_next" (func $next (result i32)))'
  const overflowing = v8Fixture({ imports, interrupt: '(drop (call $next))' }, { calls: { timer_next: deep } })
  await t.throwsAsync(overflowing.call(1), { instanceOf: EngineHalt, message: /ran out of stack/ })
})

engineTest('memory() follows growth', async (t, fixture) => {
  const { engine, call } = fixture({
    interrupt: '(drop (memory.grow (i32.const 3))) (i32.store (i32.const 196608) (i32.const 9))',
  })
  t.is(engine.memory().length, 65536)
  t.is(engine.memory(), engine.memory())
  await call(1)
  t.is(engine.memory().length, 4 * 65536)
  t.is(word(engine, 196608), 9)
})

engineTest('ticks are exact at a trap in any copy of an unrolled loop, and its place is known', async (t, fixture) => {
  const guest = {
    interrupt: `(local i64) (loop (drop (i32.div_u (i32.const 1) (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (br 0))`,
  }
  const places = new Set<number | undefined>()
  for (let count = 1; count <= 12; count++) {
    const { engine, call } = fixture(guest)
    t.deepEqual(await call(count), { kind: 'trap', message: TRAP.divideByZero })
    t.is(engine.ticks, count)
    places.add(engine.trapPlace?.offset)
    t.is(assembleGuest(guest)[engine.trapPlace?.offset ?? 0], 0x6e, 'i32.div_u')
  }
  t.is(places.size, 1)
})

engineTest('loops that nothing can look into count as exactly: left by a branch, a return or at their end', async (t, fixture) => {
  const loop = (exit: string): string => `(func $f (param i32) (result i32) (local i32)
    (block $out (loop $again (result i32)
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (if (i32.eq (local.get 1) (local.get 0)) (then ${exit}))
      (br_if $again (i32.lt_u (local.get 1) (i32.const 9)))
      (i32.const 3)) (return)) (i32.const 4))`
  for (const exit of ['(br $out)', '(return (i32.const 5))', '(local.set 1 (i32.const 9))']) {
    for (let count = 1; count <= 9; count++) {
      const { engine, call } = fixture({
        fields: loop(exit), interrupt: '(i32.store (i32.const 0) (call $f (local.get 0)))',
      })
      t.deepEqual(await call(count), { kind: 'idle' })
      t.is(engine.ticks, count)
    }
  }
})
