import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { engineTest, word } from './guest-fixture.ts'

const repeat = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(' ')
const EXHAUSTED = { kind: 'trap', message: TRAP.stack } as const
const LESS_ONE = '(i32.sub (local.get 0) (i32.const 1))'

/** A recursive function `$f` of `count` i64 locals that all live across the call, so that they take stack. */
const wide = (count: number): string => `(func $f (param i32) ${repeat(count, i => `(local $l${i} i64)`)}
  ${repeat(count, i => `(local.set $l${i} (i64.load offset=${i * 8} (i32.const 0)))`)}
  (if (local.get 0) (then (call $f ${LESS_ONE})))
  ${repeat(count, i => `(i64.store offset=${i * 8} (i32.const 0) (local.get $l${i}))`)})`

/** Ways to recurse; each defines `$f`, which calls itself as often as its argument says. */
const RECURSIONS: Readonly<Record<string, string>> = {
  direct: `(func $f (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))))`,
  mutual: `(func $f (param i32) (if (local.get 0) (then (call $g ${LESS_ONE}))))
    (func $g (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))))`,
  indirect: `(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (type $t) (if (local.get 0) (then (call_indirect (type $t) ${LESS_ONE} (i32.const 0)))))`,
  'with 1,000 locals': wide(1000),
  'with 8,000 locals': wide(8000),
  'with a deep operand stack': `(func $f (param i32) (result i32)
    ${repeat(200, i => `(i32.load offset=${i * 4} (i32.const 0))`)}
    (if (local.get 0) (then (drop (call $f ${LESS_ONE})))) ${repeat(199, () => 'i32.add')})`,
  'with vectors': `(func $f (param i32) (local v128 v128 v128 v128)
    ${repeat(4, i => `(local.set ${i + 1} (v128.load offset=${i * 16} (i32.const 0)))`)}
    (if (local.get 0) (then (call $f ${LESS_ONE})))
    ${repeat(4, i => `(v128.store offset=${i * 16} (i32.const 0) (local.get ${i + 1}))`)})`,
  'above wide leaves': `(func $f (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))) (call $leaf))
    (func $leaf ${repeat(3000, () => '(local i64)')} (i64.store (i32.const 0) (local.get 2999)))`,
}

const guestFor = (recursion: string): { fields: string, interrupt: string } => ({
  fields: recursion,
  interrupt: `(call $f (local.get 0)) ${recursion.includes('(result i32)') ? 'drop' : ''}`,
})

for (const [name, recursion] of Object.entries(RECURSIONS)) {
  engineTest(`recursion ${name} ends at the same tick, cold or compiled, and never in V8's own overflow`, async (t, fixture) => {
    const cold = fixture(guestFor(recursion))
    t.deepEqual(await cold.call(0x7fffffff), EXHAUSTED)
    const depth = cold.engine.ticks
    t.true(depth >= 3)

    const warm = fixture(guestFor(recursion))
    // One less, as the handler ticks too where an indirect call could arrive at it.
    for (let i = 0; i < 300; i++) t.deepEqual(await warm.call(depth - 2), { kind: 'idle' })
    const before = warm.engine.ticks
    t.deepEqual(await warm.call(0x7fffffff), EXHAUSTED)
    t.is(warm.engine.ticks - before, depth)
    t.deepEqual([cold.halts, warm.halts], [[], []])
  })
}

engineTest('depth is given back on return, and each nested entry has its own', async (t, fixture) => {
  const { engine, call, run } = fixture({
    fields: `${RECURSIONS.direct} (func $twice (param i32) (call $f (local.get 0)) (call $f (local.get 0)))`,
    interrupt: '(call $twice (local.get 0)) (call $twice (local.get 0)) (i32.store (i32.const 0) (i32.const 1))',
  })
  t.deepEqual(await call(3500, 3000), { kind: 'tick' })
  t.deepEqual(await call(3500, 6000), { kind: 'tick' })
  t.is(engine.nesting, 2)
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(word(engine, 0), 1)
})

engineTest('a function that is not recursive calls a recursive one as deep each time', async (t, fixture) => {
  const { call } = fixture({
    fields: `${RECURSIONS.direct} (func $outer (local $i i32)
      (loop (call $f (i32.const 3500))
        (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50)))))`,
    interrupt: '(call $outer)',
  })
  t.deepEqual(await call(1), { kind: 'idle' })
})

engineTest('a chain of calls that can never fit is refused at load', (t, fixture) => {
  const chain = repeat(10, i => `(func $c${i} ${repeat(7000, () => '(local i64)')} ${i < 9 ? `(call $c${i + 1})` : ''})`)
  t.throws(() => fixture({ fields: chain, interrupt: '(call $c0)' }), {
    message: /a chain of calls that takes \d+ bytes of stack, expected at most 458752 bytes/,
  })
  const huge = `(func $f ${repeat(11_000, () => '(local i64)')})`
  t.throws(() => fixture({ fields: huge, interrupt: '(call $f)' }), {
    message: /a frame of \d+ bytes, expected at most 81920 bytes/,
  })
})
