import test from 'ava'
import fc from '../properties.ts'
import type { InterpreterEngine } from '../../hypervisor/interpreter/engine.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { InstructionReader } from '../../hypervisor/wasm/instructions.ts'
import { OPCODES } from '../../hypervisor/wasm/opcodes.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'
import { interpreterFixture as fixture, word } from '../engines/guest-fixture.ts'
import { assemble, guestText } from '../wasm/assemble.ts'

const GUEST = {
  imports: '(import "ft" "timer_next" (func $host (result i32)))',
  fields: `(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $twice)
    (global $sum (mut i64) (i64.const 0))
    (func $twice (type $t) (i32.mul (local.get 0) (i32.const 2)))
    (func $down (param $n i32) (param $d f64) (result i32) (local $l i64)
      (local.set $l (i64.extend_i32_u (local.get $n)))
      (if (result i32) (local.get $n)
        (then (i32.add (call $host) (call $down (i32.sub (local.get $n) (i32.const 1)) (f64.add (local.get $d) (f64.const 0.5)))))
        (else (global.set $sum (i64.add (global.get $sum) (local.get $l)))
          (i32.store (i32.const 64) (i32.load (i32.const 68))) (call_indirect (type $t) (i32.const 21) (i32.const 0)))))`,
  interrupt: `(local $i i32)
    (loop $again
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (call $down (i32.const 3) (f64.const 1))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $causes))))`,
}
const module = assemble(guestText(GUEST))
const make = (): InterpreterEngine => fixture(module, { calls: { timer_next: () => 5 } }).engine
const entered = (): InterpreterEngine => {
  const engine = make()
  engine.enter('ft_interrupt', 4)
  return engine
}

/** Offset in the module of the `n`th instruction of a name. */
function offsetOf(name: string, n = 0): number {
  const found: number[] = []
  for (const { code } of decodeModule(module).bodies) {
    const reader = new InstructionReader(module, code)
    while (!reader.atEnd) {
      reader.next()
      if (OPCODES[reader.opcode]?.name === name) found.push(reader.start)
    }
  }
  return found[n]
}

const stateOf = (engine: InterpreterEngine): unknown => {
  const { ticks, globals, memory } = engine.snapshot()
  return { ticks, globals: [...globals], word: new DataView(memory.buffer).getUint32(0, true) }
}

test('single steps show every position once and end where a plain run does', t => {
  const whole = entered()
  whole.run(2 ** 52, () => undefined)
  const { debugger: debug } = whole
  t.is(debug.place, undefined)
  const engine = entered()
  const seen = new Set<string>()
  let stop = engine.debugger.runSteps(1)
  for (; stop.kind === 'step'; stop = engine.debugger.runSteps(1)) {
    const { tick, step } = engine.debugger.position
    t.false(seen.has(`${tick}:${step}`))
    seen.add(`${tick}:${step}`)
  }
  t.deepEqual(stop, { kind: 'idle' })
  t.deepEqual(stateOf(engine), stateOf(whole))
  t.true(seen.size > 100)
})

test('every position can be run to, snapshot and gone on from in another engine', t => {
  const whole = entered()
  const positions = [whole.debugger.position]
  while (whole.debugger.runSteps(1).kind === 'step') positions.push(whole.debugger.position)
  fc.assert(fc.property(fc.integer({ min: 0, max: positions.length - 1 }), i => {
    const engine = entered()
    t.true(['step', 'tick'].includes(engine.debugger.runTo(positions[i]).kind))
    t.deepEqual(engine.debugger.position, positions[i])
    const other = make()
    other.restore(engine.snapshot())
    t.deepEqual(other.debugger.position, positions[i])
    t.deepEqual(other.debugger.callStack(), engine.debugger.callStack())
    for (const one of [engine, other]) {
      one.run(2 ** 52, stop => { t.deepEqual(stop, { kind: 'idle' }) })
      t.deepEqual(stateOf(one), stateOf(whole))
    }
  }), { numRuns: 60 })
})

test('a breakpoint stops in front of its instruction each time, and the fast loop never sees it', t => {
  const engine = entered()
  const { debugger: debug } = engine
  const offset = offsetOf('i64.add')
  t.deepEqual(debug.setBreakpoints([offset, 3]), [offset, undefined])
  for (let i = 0; i < 4; i++) {
    t.deepEqual(debug.runSteps(Infinity), { kind: 'breakpoint' })
    t.is(debug.place?.offset, offset)
    t.is(engine.ticks, 5 * i + 5)
  }
  t.deepEqual(debug.runSteps(Infinity), { kind: 'idle' })
  engine.enter('ft_interrupt', 4)
  engine.run(2 ** 52, stop => { t.deepEqual(stop, { kind: 'idle' }) })
})

test('watched memory: reads and writes stop in front of the access, and only those asked for', t => {
  const engine = entered()
  const { debugger: debug } = engine
  debug.setWatches([{ address: 66, length: 1, read: true, write: true }, { address: 71, length: 9, read: true, write: false }])
  t.deepEqual(debug.runSteps(Infinity), { kind: 'watch', address: 71 })
  t.is(debug.place?.offset, offsetOf('i32.load'))
  t.deepEqual(debug.runSteps(Infinity), { kind: 'watch', address: 66 })
  const before = debug.position
  t.deepEqual(debug.runSteps(1), { kind: 'step' })
  t.is(debug.position.step, before.step + 1)
  debug.setWatches([{ address: 0, length: 4, read: false, write: true }])
  for (const sum of [0, 57, 114]) {
    t.deepEqual(debug.runSteps(Infinity), { kind: 'watch', address: 0 })
    t.is(word(engine, 0), sum)
  }
  debug.setWatches([])
  t.deepEqual(debug.runSteps(Infinity), { kind: 'idle' })
})

test('the call stack names functions, and shows locals bit for bit', t => {
  const engine = entered()
  const { debugger: debug } = engine
  debug.setBreakpoints([offsetOf('i64.add')])
  debug.runSteps(Infinity)
  const frames = debug.callStack()
  t.deepEqual(frames.map(({ functionIndex }) => functionIndex), [2, 2, 2, 2, 4])
  t.deepEqual(frames.slice(0, 4).map(({ locals }) => locals.map(({ bits }) => bits[0])), [
    [0, 0x4004000000000000n, 0n], [1, 0x4000000000000000n, 1n], [2, 0x3ff8000000000000n, 2n], [3, 0x3ff0000000000000n, 3n],
  ])
  t.true(frames.slice(1, 4).every(({ offset }) => module[offset] === 0x10))
  engine.enter('ft_interrupt', 1)
  debug.runSteps(Infinity)
  t.deepEqual(debug.callStack().map(({ entry }) => entry), [1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
})

test('names come from the name section', t => {
  const names = new ByteWriter().u32(2).u32(2).name('down').u32(4).name('outer')
  const section = new ByteWriter().section(0, new ByteWriter().name('name').section(1, names)).bytes()
  const { engine } = fixture(Uint8Array.from([...module, ...section]), { calls: { timer_next: () => 5 } })
  engine.enter('ft_interrupt', 1)
  engine.debugger.setBreakpoints([offsetOf('i64.add')])
  engine.debugger.runSteps(Infinity)
  t.deepEqual(engine.debugger.callStack().map(({ name }) => name), ['down', 'down', 'down', 'down', 'outer'])
})
