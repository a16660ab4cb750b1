import test from 'ava'
import { interpreterFixture as fixture, word } from '../engines/guest-fixture.ts'

test('an address that a local keeps too is computed where it was', async t => {
  const { engine, call } = fixture({
    interrupt: `(local $x i32) (local $between i64) (local $y i32) (local.set $x (i32.const 64)) (local.set $y (i32.const 64))
      (local.get $x)
      (i32.store (local.tee $x (i32.add (i32.shl (local.get $causes) (i32.const 2)) (local.get $y))) (local.get $causes))
      (i32.store (i32.const 0) (local.get $x))
      (local.set $causes) (i32.store (i32.const 4) (local.get $causes))`,
  })
  t.deepEqual(await call(5), { kind: 'idle' })
  t.deepEqual([word(engine, 0), word(engine, 4), word(engine, 84)], [84, 64, 5])
})

test('a loop of counter, branch back and comparison stops at every tick with the counter counted', async t => {
  const { engine, call, run } = fixture({
    interrupt: `(local $i i32) (block $out (loop $again
      (br_if $out (i32.ge_s (local.get $i) (local.get $causes)))
      (i32.store (i32.const 0) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $again)))`,
  })
  t.deepEqual(await call(6, 1), { kind: 'tick' })
  for (let tick = 2; tick <= 7; tick++) {
    t.deepEqual(await run(tick), { kind: 'tick' })
    t.is(word(engine, 0), tick - 2)
  }
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(engine.ticks, 7)
})
