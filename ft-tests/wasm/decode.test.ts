import test from 'ava'
import type { ExecutionContext } from 'ava'
import fc from '../properties.ts'
import { admitGuest } from '../../hypervisor/wasm/admit.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { OPCODES } from '../../hypervisor/wasm/opcodes.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { assemble, assembleGuest } from './assemble.ts'

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const bytes = (...items: (number | number[])[]): Uint8Array => Uint8Array.from(items.flat())

function refusal(t: ExecutionContext, module: Uint8Array): WasmError {
  return t.throws(() => { validateModule(decodeModule(module)) }, { instanceOf: WasmError }) as WasmError
}

/** A module with one function `() -> ()` of this code. */
const withCode = (...code: number[]): Uint8Array => bytes(
  HEADER, [1, 4, 1, 0x60, 0, 0], [3, 2, 1, 0], [10, code.length + 4, 1, code.length + 2, 0], code, [0x0b],
)

test('what is not a module is named with its place', t => {
  t.is(refusal(t, bytes()).message, 'bad module at byte 0: found an empty file, expected a WebAssembly module in binary form')
  t.regex(refusal(t, bytes([0x7f, 0x45, 0x4c, 0x46])).message, /found a file that does not begin with "\\0asm"/)
  t.regex(refusal(t, bytes(HEADER.slice(0, 4), [2, 0, 0, 0])).message, /byte 4: found version bytes 0x02 .* expected version 1/)
  t.regex(refusal(t, bytes(HEADER.slice(0, 4), [0x0d, 0, 1, 0])).message, /found a component, expected a core module/)
})

test('a truncated module is refused wherever it ends', t => {
  // The code section comes last here, and no module is whole without it.
  const whole = assembleGuest({ fields: '(table 3 funcref) (elem (i32.const 0) 0)', interrupt: '(loop (br_if 0 (i32.const 0)))' })
  t.notThrows(() => admitGuest(whole))
  for (let length = 0; length < whole.length; length++) {
    t.throws(() => admitGuest(whole.subarray(0, length)), { instanceOf: WasmError }, `cut at ${length}`)
  }
})

test('proposals outside the machine are refused by name', t => {
  const named = (module: Uint8Array, name: RegExp): void => { t.regex(refusal(t, module).message, name) }
  named(bytes(HEADER, [5, 4, 1, 3, 1, 1]), /byte 11: found a use of shared memory, expected a module built without shared memory/)
  named(bytes(HEADER, [5, 3, 1, 4, 1]), /memory64/)
  named(bytes(HEADER, [5, 5, 2, 0, 1, 0, 1]), /multiple memories/)
  named(bytes(HEADER, [13, 3, 1, 0, 0]), /exception handling/)
  named(bytes(HEADER, [1, 3, 1, 0x5f, 0]), /garbage collection/)
  named(withCode(0xfe, 0x03, 0x00), /in function 0: found a use of threads/)
  named(withCode(0xfd, 0x80, 0x02), /in function 0: found a use of relaxed SIMD/)
  named(withCode(0x06, 0x40, 0x0b), /exception handling/)
  named(withCode(0x1f, 0x40, 0x00, 0x0b), /exception handling/)
  named(withCode(0xfb, 0x00, 0x00), /garbage collection/)
  named(withCode(0x14, 0x00), /typed function references/)
  named(withCode(0xd0, 0x00, 0x1a), /typed function references/)
  named(withCode(0x41, 0x00, 0x28, 0x42, 0x00, 0x00, 0x1a), /multiple memories/)
})

test('a fault in code says function, instruction, found and expected', t => {
  const module = assemble('(module (func) (func (param f32) (drop (local.get 0))))').slice()
  t.notThrows(() => validateModule(decodeModule(module)))
  const wrong = withCode(0x43, 0, 0, 0, 0, 0x45, 0x1a)
  const error = refusal(t, wrong)
  t.is(error.message, 'bad module at byte 28 in function 0: found f32 at i32.eqz, expected i32 (type mismatch)')
  t.is(error.offset, 28)
  t.is(error.functionIndex, 0)
  t.is(wrong[error.offset], 0x45)
})

test('hostile counts are refused before anything is made of them', t => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f]
  for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]) {
    t.regex(refusal(t, bytes(HEADER, [id, 6], huge, [0])).message, /a count of 4294967295 .* expected a count that fits/)
  }
  const locals = bytes(HEADER, [1, 4, 1, 0x60, 0, 0], [3, 2, 1, 0], [10, 11, 1, 9, 1], huge, [0x7f, 0x0b, 0])
  t.regex(refusal(t, locals).message, /too many locals/)
  t.regex(refusal(t, withCode(0x41, 0, 0x0e, ...huge, 0)).message, /a count of 4294967295 labels/)
  t.regex(refusal(t, bytes(HEADER, [0], huge)).message, /only 0 bytes left, expected 4294967295 bytes/)
  t.regex(refusal(t, bytes(HEADER, [0, 6], huge, [0])).message, /4294967295 bytes of the name of a custom section/)
})

test('any bytes either decode or give a WasmError', t => {
  const base = [...assembleGuest({
    fields: '(table 1 funcref) (global i32 (i32.const 1)) (data (i32.const 0) "x")',
    interrupt: '(drop (f64.sqrt (f64.const 2)))',
  })]
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), changes => {
    const damaged = Uint8Array.from(base)
    for (const [at, value] of changes) damaged[at] = value
    try {
      validateModule(decodeModule(damaged))
    } catch (error) {
      if (!(error instanceof WasmError)) throw error
    }
  }), { numRuns: 5000 })
  t.pass()
})

test('our verdict on damaged modules is V8\'s, but for proposals we refuse', t => {
  const api = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly
  const base = [...assembleGuest({
    fields: `(table 1 funcref) (global $g (mut i64) (i64.const 1)) (data (i32.const 0) "x")
      (func $f (param f32 i64) (result i64) (local v128) (local.get 1))`,
    interrupt: `(local $i i32) (loop (br_if 0 (i32.lt_s (local.get $i) (local.get $causes))))
      (global.set $g (call $f (f32.const 1) (i64.const -5)))`,
  })]
  let accepted = 0
  fc.assert(fc.property(fc.nat(base.length - 1), fc.nat(255), (at, value) => {
    const damaged = Uint8Array.from(base)
    damaged[at] = value
    let fault = ''
    try {
      validateModule(decodeModule(damaged))
      accepted++
    } catch (error) {
      fault = (error as Error).message
    }
    // We are stricter where we refuse by name; never laxer.
    if (fault === '') return api.validate(damaged)
    return !api.validate(damaged) || / a use of |at most|unknown global|shared/.test(fault)
  }), { numRuns: 20_000 })
  t.true(accepted > 1000)
})

test('the opcode table holds every instruction of 2.0 and no more', t => {
  const count = (from: number): number => OPCODES.slice(from, from + 0x100).filter(opcode => opcode !== undefined).length
  t.is(count(0x000), 185)
  t.is(count(0x100), 18)
  t.is(count(0x200), 236)
})
