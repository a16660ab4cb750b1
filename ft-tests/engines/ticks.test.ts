import { createHash } from 'node:crypto'
import test from 'ava'
import fc from '../properties.ts'
import type { Engine } from '../../hypervisor/machine/engine.ts'
import { engineTest, v8Fixture, word } from './guest-fixture.ts'

/** Loops within loops, recursion direct, mutual and through a table, floats, and memory that depends on all of it. */
const BUSY = {
  fields: `
    (type $unary (func (param i32) (result i32)))
    (table 2 funcref) (elem (i32.const 0) $even $fib)
    (global $total (mut i64) (i64.const 0)) (global $float (mut f64) (f64.const 1))
    (func $fib (type $unary) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (i32.const 1))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $even (type $unary) (if (result i32) (local.get 0)
      (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
    (func $odd (param i32) (result i32) (if (result i32) (local.get 0)
      (then (return_call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
    (func $mix (param $n i32) (local $i i32) (local $j i32)
      (loop $outer
        (local.set $j (i32.const 7))
        (loop $inner
          (i32.store offset=1024 (i32.shl (i32.and (local.get $i) (i32.const 255)) (i32.const 2))
            (i32.add (i32.mul (local.get $i) (i32.const 31)) (local.get $j)))
          (global.set $total (i64.add (i64.mul (global.get $total) (i64.const 31)) (i64.extend_i32_u (local.get $j))))
          (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
        (global.set $float (f64.div (global.get $float) (f64.const -1.0000001)))
        (global.set $total (i64.add (global.get $total) (i64.extend_i32_u
          (call_indirect (type $unary) (i32.and (local.get $i) (i32.const 7)) (i32.and (local.get $i) (i32.const 1))))))
        (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))`,
  interrupt: '(call $mix (local.get $causes))',
}

const stateOf = (engine: Engine): string =>
  `${engine.ticks} ${createHash('sha1').update(engine.memory()).digest('hex')} ${engine.globals().join(' ')}`

engineTest('a loop ticks at each arrival at its header, a recursive function at each entry, others never', async (t, fixture) => {
  const loops = fixture({
    interrupt: `(local $i i32)
      (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $causes))))`,
  })
  await loops.call(5)
  t.is(loops.engine.ticks, 5)
  const plain = fixture({ fields: '(func $leaf) (func $middle (call $leaf) (call $leaf))', interrupt: '(call $middle)' })
  await plain.call(1)
  t.is(plain.engine.ticks, 0)
  const recursive = fixture({
    fields: '(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))',
    interrupt: '(call $down (local.get $causes))',
  })
  await recursive.call(9)
  t.is(recursive.engine.ticks, 10)
  const tail = fixture({
    fields: '(func $down (param i32) (if (local.get 0) (then (return_call $down (i32.sub (local.get 0) (i32.const 1))))))',
    interrupt: '(call $down (local.get $causes))',
  })
  t.deepEqual(await tail.call(1_000_000), { kind: 'idle' })
  t.is(tail.engine.ticks, 1_000_001)
})

engineTest('an indirect call makes every address-taken function of its type a possible callee', async (t, fixture) => {
  const { engine, call } = fixture({
    fields: `(type $v (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f)
      (func $g (call_indirect (type $v) (i32.const 0)))
      (elem declare func $g)`,
    interrupt: '(call $g) (call $f)',
  })
  await call(1)
  // $g may call itself through the table and ticks; $f calls nothing and does not.
  t.is(engine.ticks, 1)
})

engineTest('stops are exact, and stopping anywhere changes nothing', async (t, fixture) => {
  const whole = fixture(BUSY)
  t.deepEqual(await whole.call(400), { kind: 'idle' })
  const expected = stateOf(whole.engine)
  const total = whole.engine.ticks
  t.true(total > 5000)
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: total - 1 }), { maxLength: 40 }), async targets => {
    const { engine, run } = fixture(BUSY)
    engine.enter('ft_interrupt', 400)
    for (const target of [...new Set(targets)].sort((a, b) => a - b)) {
      const stop = await run(target)
      if (stop.kind !== 'tick' || engine.ticks !== target || engine.nesting !== 1) return false
    }
    const last = await run()
    return last.kind === 'idle' && engine.nesting === 0 && stateOf(engine) === expected
  }), { numRuns: 60 })
})

engineTest('every single tick can be a stop', async (t, fixture) => {
  const whole = fixture(BUSY)
  await whole.call(12)
  const { engine, run } = fixture(BUSY)
  engine.enter('ft_interrupt', 12)
  for (let tick = 1; tick <= whole.engine.ticks; tick++) {
    t.is((await run(tick)).kind, 'tick')
    t.is(engine.ticks, tick)
  }
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(stateOf(engine), stateOf(whole.engine))
})

engineTest('an interrupt at a tick nests: it runs on top, and what it interrupted goes on', async (t, fixture) => {
  const guest = {
    fields: '(global $depth (mut i32) (i32.const 0))',
    interrupt: `(local $i i32)
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (i32.store (i32.const 0) (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 10)) (local.get $causes)))
      (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
      (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
      (i32.store (i32.const 4) (i32.add (i32.mul (i32.load (i32.const 4)) (i32.const 10)) (local.get $causes)))`,
  }
  const { engine, call, run } = fixture(guest)
  t.deepEqual(await call(1, 30), { kind: 'tick' })
  t.deepEqual(await call(2, 60), { kind: 'tick' })
  t.deepEqual(await call(3, 70), { kind: 'tick' })
  t.is(engine.nesting, 3)
  t.deepEqual([...engine.globals()], [3])
  t.is(word(engine, 0), 123)
  t.deepEqual(await run(290), { kind: 'tick' })
  t.is(engine.nesting, 1)
  t.is(word(engine, 4), 32)
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(word(engine, 4), 321)
  t.is(engine.ticks, 300)
  t.deepEqual([...engine.globals()], [0])
})

engineTest('a start section runs before ft_start, counted and stoppable', async (t, fixture) => {
  const { engine, call, run } = fixture({
    fields: `(start $init) (func $init (local $i i32)
      (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
      (i32.store (i32.const 0) (i32.const 7)))`,
    start: '(i32.store (i32.const 4) (i32.load (i32.const 0)))',
  })
  t.is(word(engine, 0), 0)
  t.deepEqual(await call(0, 5, 'ft_start'), { kind: 'tick' })
  t.is(word(engine, 0), 0)
  t.deepEqual(await run(), { kind: 'idle' })
  t.is(engine.ticks, 10)
  t.is(word(engine, 4), 7)
})

engineTest('a target beyond what the countdown holds is reached exactly', async (t, fixture) => {
  const target = 2 ** 31 + 12_345
  const { engine, call, run } = fixture({ interrupt: '(loop (br 0))' })
  t.deepEqual(await call(1, target), { kind: 'tick' })
  t.is(engine.ticks, target)
  t.deepEqual(await run(target + 1), { kind: 'tick' })
  t.is(engine.ticks, target + 1)
})

engineTest('ticks and memory can be read inside host calls', async (t, fixture) => {
  const seen: number[] = []
  const made: { engine?: Engine } = {}
  const { engine, call } = fixture({
    imports: '(import "ft" "timer_next" (func $look (result i32)))',
    interrupt: `(local $i i32) (loop (i32.store (i32.const 0) (local.get $i)) (drop (call $look))
      (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))`,
  }, {
    calls: {
      timer_next: () => {
        seen.push((made.engine as Engine).ticks, word(made.engine as Engine, 0))
        return 0
      },
    },
  })
  made.engine = engine
  await call(1)
  t.deepEqual(seen, [1, 0, 2, 1, 3, 2, 4, 3])
})

engineTest('misuse is refused: entering while running, running at a passed tick or with nothing entered', async (t, fixture) => {
  const { engine, call } = fixture({ interrupt: '(loop (br 0))' })
  t.throws(() => { engine.run(10, () => undefined) }, { message: /run while the engine is idle/ })
  await call(1, 10)
  t.throws(() => { engine.run(10, () => undefined) }, { message: /run until tick 10 at tick 10/ })
})

test('while V8 runs, nothing can be entered', t => {
  const { engine } = v8Fixture({ interrupt: '(loop (br 0))' })
  engine.enter('ft_interrupt', 1)
  engine.run(1000, () => undefined)
  t.throws(() => { engine.enter('ft_interrupt', 1) }, { message: /enter\(ft_interrupt\) while the engine is running/ })
})
