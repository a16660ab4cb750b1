import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { engineTest, word } from './guest-fixture.ts'
import { guestFor, RECURSIONS, repeat } from './recursions.ts'

const EXHAUSTED = { kind: 'trap', message: TRAP.stack } as const
const calls = { timer_next: () => 0 }

for (const [name, recursion] of Object.entries(RECURSIONS)) {
  engineTest(`recursion ${name} ends at the same tick, cold or compiled, and never in V8's own overflow`, async (t, fixture) => {
    const cold = fixture(guestFor(recursion), { calls })
    t.deepEqual(await cold.call(0x7fffffff), EXHAUSTED)
    const depth = cold.engine.ticks
    t.true(depth >= 3)

    const warm = fixture(guestFor(recursion), { calls })
    // A third: some ways tick twice a call, and the handler ticks too where an indirect call could arrive at it.
    for (let i = 0; i < 300; i++) t.deepEqual(await warm.call(Math.floor(depth / 3) - 1), { kind: 'idle' })
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
