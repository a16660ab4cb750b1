import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { InstructionReader } from '../../hypervisor/wasm/instructions.ts'
import type { Span } from '../../hypervisor/wasm/module.ts'
import { assemble } from '../wasm/assemble.ts'
import type { SpecValue } from '../wasm/spec-suite.ts'
import type { Form } from './s-expression.ts'

const LANE_BYTES: Readonly<Record<string, number>> = { i8x16: 1, i16x8: 2, i32x4: 4, i64x2: 8, f32x4: 4, f64x2: 8 }

/**
 * Reads the constants of a script, `(f32.const 0x1p-3)`, say. How a number is written is the assembler's business: it gets
 * them all as globals of one module, from which their bits are taken.
 */
export function readValues(forms: readonly Form[]): SpecValue[] {
  const texts = forms.map(constantText)
  const globals = texts.map(text => (text === undefined ? '' : `(global ${text.slice(1, text.indexOf('.'))} ${text})`))
  const bytes = assemble(`(module ${globals.join(' ')})`)
  const spans = decodeModule(bytes).globals.map(global => global.init as Span)
  let next = 0
  return forms.map((form, i) => (texts[i] === undefined ? referenceValue(form) : numberValue(form, bytes, spans[next++])))
}

/** The constant with patterns of NaNs as zeros; undefined for a reference. */
function constantText({ text, items }: Form): string | undefined {
  if (!/^(i32|i64|f32|f64|v128)\.const$/.test(items[0]?.text)) return undefined
  return text.replace(/nan:(canonical|arithmetic)/g, '0')
}

function referenceValue({ text, items }: Form): SpecValue {
  switch (items[0]?.text) {
    case 'ref.null': return { type: `${items[1].text}ref`, value: 'null' }
    case 'ref.extern': return { type: 'externref', value: items[1].text }
    case 'ref.func': return { type: 'funcref' }
    default: throw new SyntaxError(`found ${text}, which is no value`)
  }
}

const isPattern = (text: string): boolean => text === 'nan:canonical' || text === 'nan:arithmetic'

function numberValue({ items }: Form, bytes: Uint8Array, span: Span): SpecValue {
  const type = items[0].text.slice(0, items[0].text.indexOf('.'))
  const code = new InstructionReader(bytes, span)
  code.next()
  if (type === 'v128') return vectorValue(items[1].text, items.slice(2), bytes.subarray(code.a, code.a + 16))
  if (isPattern(items[1].text)) return { type, value: items[1].text }
  const low = BigInt.asUintN(32, BigInt(code.a))
  const bits = type.endsWith('32') ? low : (BigInt.asUintN(32, BigInt(code.b)) << 32n) | low
  return { type, value: String(bits) }
}

function vectorValue(shape: string, written: readonly Form[], bytes: Uint8Array): SpecValue {
  const width = LANE_BYTES[shape]
  const value = written.map(({ text }, lane) => {
    if (isPattern(text)) return text
    return String(bytes.subarray(lane * width, (lane + 1) * width).reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n))
  })
  return { type: 'v128', lane_type: shape.slice(0, shape.indexOf('x')), value }
}
