import test from 'ava'
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import { MAKES_NAN } from '../../hypervisor/wasm/nan.ts'
import { IMM, OPCODES } from '../../hypervisor/wasm/opcodes.ts'
import { F32, F64, I32, I64, typeName } from '../../hypervisor/wasm/types.ts'
import type { ValType } from '../../hypervisor/wasm/types.ts'
import { assembleGuest } from '../wasm/assemble.ts'

/** Bits that operations treat in special ways, and some that they do not. */
const WORDS = [0n, 1n, 2n, 31n, 32n, 63n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0xfffffffen, 0x12345678n, 0x9abcdef0n,
  0x3f800000n, 0xbfc00000n, 0x4f000000n, 0x7f800000n, 0xff800000n, 0x7fc00000n, 0x7fa00001n, 0x00000001n, 0x40490fdbn, 0xc0200000n]
const LONGS = [...WORDS, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn, 0xfffffffffffffff0n, 0x123456789abcdef0n,
  0x3ff0000000000000n, 0xbff8000000000000n, 0x43e0000000000000n, 0x41dfffffffc00000n, 0x41f0000000000000n, 0x7ff0000000000000n,
  0xfff8000000000001n, 0x7ff4000000000000n, 0x400921fb54442d18n, 0x3fe6666666666666n, 0xc00c000000000000n]

const isWide = (type: ValType): boolean => type === I64 || type === F64
const valuesOf = (type: ValType): readonly bigint[] => (isWide(type) ? LONGS : WORDS)
const operators = OPCODES.flatMap(info => {
  const scalar = info?.params?.every(type => [I32, I64, F32, F64].includes(type)) ?? false
  return info !== undefined && info.immediate === IMM.none && scalar && info.results.length === 1 && info.results[0] >= F64 ? [info] : []
})

const load = (type: ValType, at: number): string => `(${typeName(type)}.load (i32.const ${at}))`
/** A constant as text, floats by their bits. */
const constant = (type: ValType, bits: bigint): string => {
  if (type === I32 || type === I64) return `(${typeName(type)}.const 0x${bits.toString(16)})`
  return `(${typeName(type)}.reinterpret_${isWide(type) ? 'i64' : 'i32'} (${isWide(type) ? 'i64' : 'i32'}.const 0x${bits.toString(16)}))`
}

/** A guest that computes `name` from the operands at 0 and 8 and puts the result to 16; with a local or constants as operands. */
function guest(name: string, params: readonly ValType[], result: ValType, operand: (i: number) => string): Uint8Array {
  const operands = params.map((_, i) => operand(i)).join(' ')
  return assembleGuest({
    fields: params.map((type, i) => `(global $g${i} (mut ${typeName(type)}) (${typeName(type)}.const 0))`).join(' '),
    interrupt: `${params.map((type, i) => `(local $l${i} ${typeName(type)})`).join(' ')}
      ${params.map((type, i) => `(local.set $l${i} ${load(type, i * 8)})`).join(' ')}
      (${typeName(result)}.store (i32.const 16) (${name} ${operands}))`,
  })
}

const stub = { ft: {} }
const CANONICAL: Readonly<Record<number, bigint>> = { [F32]: 0x7fc00000n, [F64]: 0x7ff8000000000000n }
const isNaNOf = (type: ValType, bits: bigint): boolean =>
  type === F32 ? (bits & 0x7fffffffn) > 0x7f800000n : type === F64 && (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n

type Run = (operands: readonly bigint[]) => bigint | 'trap'

function onV8(bytes: Uint8Array): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), stub)
  const view = new DataView((exports.memory as WebAssembly.Memory).buffer)
  return operands => {
    view.setBigUint64(16, 0n, true)
    operands.forEach((bits, i) => view.setBigUint64(i * 8, bits, true))
    try {
      (exports.ft_interrupt as (n: number) => void)(0)
    } catch {
      return 'trap'
    }
    return view.getBigUint64(16, true)
  }
}

function onInterpreter(bytes: Uint8Array): Run {
  const make = (): ReturnType<typeof createInterpreter> => createInterpreter(bytes, {}, { memoryPagesMax: 256 })
  let engine = make()
  return operands => {
    const memory = engine.memory()
    const view = new DataView(memory.buffer, memory.byteOffset)
    view.setBigUint64(16, 0n, true)
    operands.forEach((bits, i) => view.setBigUint64(i * 8, bits, true))
    engine.enter('ft_interrupt', 0)
    let trapped = false
    engine.run(1, stop => { trapped = stop.kind === 'trap' })
    if (!trapped) return view.getBigUint64(16, true)
    engine = make()
    return 'trap'
  }
}

test('every scalar operator gives what V8 gives, on its registers and with a constant on either side', t => {
  for (const { name, params = [], results: [result] } of operators) {
    const opcode = OPCODES.findIndex(info => info?.name === name)
    const compare = (operand: (i: number) => string, values: readonly (readonly bigint[])[]): void => {
      const bytes = guest(name, params, result, operand)
      const [expected, found] = [onV8(bytes), onInterpreter(bytes)]
      for (const operands of values) {
        const wanted = expected(operands)
        const canonical = wanted !== 'trap' && MAKES_NAN[opcode] !== 0 && isNaNOf(result, wanted) ? CANONICAL[result] : wanted
        const got = found(operands)
        if (got !== canonical) t.fail(`${name} of ${operands.map(bits => bits.toString(16)).join(', ')}: ${got}, expected ${canonical}`)
      }
    }
    const first = valuesOf(params[0])
    if (params.length === 1) {
      compare(() => '(local.get $l0)', first.map(bits => [bits]))
      continue
    }
    const second = valuesOf(params[1])
    compare(i => `(local.get $l${i})`, first.flatMap(a => second.map(b => [a, b])))
    for (const bits of [1n, 33n, 0xffffffffn]) {
      compare(i => (i === 1 ? constant(params[1], bits) : '(local.get $l0)'), first.map(a => [a, bits]))
      compare(i => (i === 0 ? constant(params[0], bits) : '(local.get $l1)'), second.map(b => [bits, b]))
    }
  }
  t.true(operators.length > 120)
})
