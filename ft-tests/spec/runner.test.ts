import test from 'ava'
import { LinkFailure, Trapped } from './engine.ts'
import type { SpecEngine, SpecInstance } from './engine.ts'
import { Tally } from './tally.ts'
import { V8SpecEngine } from './v8-engine.ts'
import { readWast } from './wast.ts'

const SCRIPT = readWast('core/sample', `
  (module $m (global (export "g") i32 (i32.const 7)) (memory (export "m") 1)
    (func (export "half") (param f32) (result f32) (f32.mul (local.get 0) (f32.const 0.5)))
    (func (export "root") (result f32) (f32.sqrt (f32.const -1)))
    (func (export "div") (result i32) (i32.div_s (i32.const 1) (i32.const 0)))
    (func $deep (export "deep") (call $deep)))
  (register "M" $m)
  (module (import "M" "m" (memory 1)))
  (assert_return (invoke $m "half" (f32.const 3)) (f32.const 1.5))
  (assert_return (invoke $m "root") (f32.const nan:arithmetic))
  (assert_return (get $m "g") (i32.const 7))
  (assert_trap (invoke $m "div") "integer divide by zero")
  (assert_exhaustion (invoke $m "deep") "call stack exhausted")
  (assert_trap (module (memory 0) (data (i32.const 0) "x")) "out of bounds memory access")
  (assert_unlinkable (module (import "M" "m" (memory 2))) "incompatible import type")
  (assert_invalid (module (func (result i32) (f32.const 0))) "type mismatch")
  (assert_malformed (module binary "\\00asm") "unexpected end")
  (assert_malformed (module quote "(func") "unexpected")`)
const ASSERTIONS = 10

function tallyOf(make: (real: V8SpecEngine) => Partial<SpecEngine>): Tally {
  const real = new V8SpecEngine()
  const engine: SpecEngine = {
    compile: bytes => real.compile(bytes), instantiate: bytes => real.instantiate(bytes),
    register: (name, instance) => real.register(name, instance as ReturnType<V8SpecEngine['instantiate']>), ...make(real),
  }
  const tally = new Tally()
  tally.run(SCRIPT, engine, () => undefined)
  return tally
}

/** An engine whose instances do something else than they should. */
const withInstances = (change: (instance: SpecInstance) => Partial<SpecInstance>): Tally => tallyOf(real => ({
  instantiate: bytes => {
    const instance = real.instantiate(bytes)
    return Object.assign(Object.create(instance) as SpecInstance, change(instance))
  },
}))

const failedLines = (tally: Tally): string[] => tally.failures.map(({ line, command }) => `${line} ${command}`)

test('a right engine passes every assertion, and each kind of command is counted', t => {
  const tally = tallyOf(() => ({}))
  const { passed, failed, commands, core } = tally.report('v8')
  t.deepEqual([passed, failed, core.passed], [ASSERTIONS, 0, ASSERTIONS], JSON.stringify(tally.failures))
  t.deepEqual(commands, {
    module: 2, register: 1, assert_return: 3, assert_trap: 1, assert_exhaustion: 1, assert_uninstantiable: 1,
    assert_unlinkable: 1, assert_invalid: 1, assert_malformed: 1, 'assert_malformed (text)': 1,
  })
})

test('wrong bits are seen, those of a NaN too', t => {
  const quiet = withInstances(instance => ({
    invoke: (field, args) => (field === 'root' ? [0x7fc00001] : instance.invoke(field, args)),
  }))
  t.deepEqual(quiet.failures.map(({ expected, found }) => [expected, found]), [['0x7fc00000', '0x7fc00001']])
  t.deepEqual(failedLines(withInstances(() => ({ read: () => [8] }))), ['11 assert_return get "g"'])
  t.is(withInstances(() => ({ invoke: () => [] })).failures.length, 4)
})

test('a missing trap, another trap and an error that is no trap are seen', t => {
  const other = withInstances(instance => ({
    invoke: (field, args) => { if (field === 'div') throw new Trapped('unreachable'); return instance.invoke(field, args) },
  }))
  t.deepEqual(failedLines(other), ['12 assert_trap invoke "div"'])
  const broken = withInstances(() => ({ invoke: () => { throw new RangeError('no stack') } }))
  t.is(broken.failures.length, 4)
})

test('modules taken that should be refused, and the other way round, are seen', t => {
  t.deepEqual(failedLines(tallyOf(() => ({ compile: () => undefined }))), ['16 assert_invalid', '17 assert_malformed'])
  const never = tallyOf(() => ({ instantiate: () => { throw new LinkFailure('never') } }))
  t.true(failedLines(never).includes('14 assert_uninstantiable'))
  t.false(failedLines(never).includes('15 assert_unlinkable'))
})

test('what is skipped is told with its reason and counted neither way', t => {
  const tally = new Tally()
  tally.run(SCRIPT, new V8SpecEngine(), ({ type }) => (type === 'assert_exhaustion' ? 'no stack here' : undefined))
  const { passed, skipped } = tally.report('v8')
  t.is(passed, ASSERTIONS - 1)
  t.deepEqual(skipped, [{ file: 'core/sample', line: 13, reason: 'no stack here' }])
})
