/** Makes a guest of ABI `ft` of the Ruby interpreter as npm has it, to run a program of several megabytes. */
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { functionType, type Import, type WasmModule } from '../../hypervisor/wasm/module.ts'
import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'
import { assemble } from '../wasm/assemble.ts'

export interface RuntimeGuest {
  readonly bytes: Uint8Array
  /** Address of what the guest has printed: a 32-bit length, then the bytes. Ruby does not know of this page of memory. */
  readonly printedAt: number
}

/**
 * Replaces every import by a function of the same index: WASI calls that the interpreter needs answer, the others fail.
 * `ft_start` starts Ruby, `ft_interrupt` evaluates `script`.
 */
export function rubyGuest(image: Uint8Array, script: string): RuntimeGuest {
  const module = decodeModule(image)
  const pages = module.memories[0].min
  const printedAt = pages * 65536
  const answers = answersAt(printedAt)
  const bodies = [...module.imports.map((entry) => stubBody(module, entry, answers)), start(module), evaluate(module, script)]
  const out = new ByteWriter().raw(image.subarray(0, 8))
  for (const { id, start: from, end } of module.sections) {
    if (id === 1) out.section(1, types(module))
    else if (id === 3) out.section(3, functions(module))
    else if (id === 5) out.section(5, new ByteWriter().ops(1, 0).u32(pages + 1))
    else if (id === 7) out.section(7, exports(module))
    else if (id === 10) out.section(10, code(module, image, bodies))
    else if (id !== 0 && id !== 2) out.raw(image.subarray(from, end))
  }
  return { bytes: out.bytes().slice(), printedAt }
}

/** The guest's own types are last: `() -> ()` and `(i32) -> ()`. */
function types(module: WasmModule): ByteWriter {
  const out = new ByteWriter().u32(module.types.length + 2)
  for (const { params, results } of module.types) {
    out.u8(0x60).u32(params.length).ops(...params).u32(results.length).ops(...results)
  }
  return out.ops(0x60, 0, 0, 0x60, 1, 0x7f, 0)
}

function functions(module: WasmModule): ByteWriter {
  const out = new ByteWriter().u32(module.functions.length + 2)
  for (const type of module.functions) out.u32(type)
  return out.u32(module.types.length).u32(module.types.length + 1)
}

function exports(module: WasmModule): ByteWriter {
  const added = module.functions.length
  return new ByteWriter().u32(3).name('memory').ops(2, 0).name('ft_start').u8(0).u32(added).name('ft_interrupt').u8(0).u32(added + 1)
}

function code(module: WasmModule, image: Uint8Array, bodies: readonly Uint8Array[]): ByteWriter {
  const out = new ByteWriter().u32(module.functions.length + 2)
  for (const body of bodies.slice(0, module.imports.length)) out.sized(body)
  for (const { body } of module.bodies) out.sized(image.subarray(body.start, body.end))
  for (const body of bodies.slice(module.imports.length)) out.sized(body)
  return out
}

const NOT_SUPPORTED = 52

/** Bodies of the calls that Ruby needs, from text: they use memory and their own parameters only. */
const answersText = (printedAt: number): string => `(module (memory 1)
  (func $environ_sizes_get (param i32 i32) (result i32)
    (i32.store (local.get 0) (i32.const 0)) (i32.store (local.get 1) (i32.const 0)) (i32.const 0))
  (func $environ_get (param i32 i32) (result i32) (i32.const 0))
  (func $clock_time_get (param i32 i64 i32) (result i32) (i64.store (local.get 2) (i64.const 1700000000000000000)) (i32.const 0))
  (func $random_get (param i32 i32) (result i32) (memory.fill (local.get 0) (i32.const 42) (local.get 1)) (i32.const 0))
  (func $fd_prestat_get (param i32 i32) (result i32) (i32.const 8))
  (func $fd_fdstat_get (param i32 i32) (result i32)
    (memory.fill (local.get 1) (i32.const 0) (i32.const 24)) (i32.store8 (local.get 1) (i32.const 2))
    (i64.store offset=8 (local.get 1) (i64.const -1)) (i64.store offset=16 (local.get 1) (i64.const -1)) (i32.const 0))
  (func $fd_write (param $fd i32) (param $iovs i32) (param $count i32) (param $written i32) (result i32)
    (local $length i32) (local $total i32)
    (block (loop (br_if 1 (i32.eqz (local.get $count)))
      (local.set $length (i32.load offset=4 (local.get $iovs)))
      (memory.copy (i32.add (i32.const ${printedAt + 4}) (i32.load (i32.const ${printedAt})))
        (i32.load (local.get $iovs)) (local.get $length))
      (i32.store (i32.const ${printedAt}) (i32.add (i32.load (i32.const ${printedAt})) (local.get $length)))
      (local.set $total (i32.add (local.get $total) (local.get $length)))
      (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br 0)))
    (i32.store (local.get $written) (local.get $total)) (i32.const 0))
  (func $resource_new_rb-abi-value (param i32) (result i32) (local.get 0))
  (func $resource_get_rb-abi-value (param i32) (result i32) (local.get 0)))`

function answersAt(printedAt: number): Map<string, Uint8Array> {
  const text = answersText(printedAt)
  const made = decodeModule(assemble(text))
  const names = [...text.matchAll(/\(func \$(\S+)/g)].map((match) => match[1])
  return new Map(names.map((name, i) => [name, made.bytes.subarray(made.bodies[i].body.start, made.bodies[i].body.end)]))
}

function stubBody(module: WasmModule, { name, index }: Import, answers: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const answer = answers.get(name)
  if (answer !== undefined) return answer
  const code = new ByteWriter().u8(0)
  for (const _ of functionType(module, index).results) code.u8(OP.i32Const).signed(NOT_SUPPORTED)
  return (name === 'proc_exit' ? code.u8(OP.unreachable) : code).u8(OP.end).bytes().slice()
}

/** Index of the export whose name begins so. */
function exported(module: WasmModule, beginning: string): number {
  const found = module.exports.find(({ name }) => name === beginning || name.startsWith(`${beginning}:`))
  if (found === undefined) throw new Error(`the runtime exports no ${beginning}`)
  return found.index
}

/** Copies `text` and a zero behind it into bytes that the interpreter allocates; the address stays in a local. */
function place(module: WasmModule, code: ByteWriter, text: string, local: number): number {
  const bytes = new TextEncoder().encode(`${text}\0`)
  code.ops(OP.i32Const, 0, OP.i32Const, 0, OP.i32Const, 1, OP.i32Const).signed(bytes.length)
  code.u8(OP.call).u32(exported(module, 'cabi_realloc')).u8(OP.localSet).u32(local)
  bytes.forEach((byte, i) => code.u8(OP.localGet).u32(local).u8(OP.i32Const).signed(byte).ops(0x3a, 0).u32(i))
  return bytes.length
}

function start(module: WasmModule): Uint8Array {
  const code = new ByteWriter().u8(OP.call).u32(exported(module, '_initialize'))
  const args = ['ruby', '--disable-gems', '-e', '']
  const list = args.length
  code.ops(OP.i32Const, 0, OP.i32Const, 0, OP.i32Const, 4, OP.i32Const).signed(args.length * 8)
  code.u8(OP.call).u32(exported(module, 'cabi_realloc')).u8(OP.localSet).u32(list)
  args.forEach((text, i) => {
    const length = place(module, code, text, i)
    code.u8(OP.localGet).u32(list).u8(OP.localGet).u32(i).ops(0x36, 2).u32(i * 8)
    code.u8(OP.localGet).u32(list).u8(OP.i32Const).signed(length).ops(0x36, 2).u32(i * 8 + 4)
  })
  code.u8(OP.localGet).u32(list).u8(OP.i32Const).signed(args.length).u8(OP.call).u32(exported(module, 'ruby-init'))
  return new ByteWriter().u32(1).u32(args.length + 1).u8(0x7f).raw(code.u8(OP.end).bytes()).bytes().slice()
}

function evaluate(module: WasmModule, script: string): Uint8Array {
  const code = new ByteWriter()
  // Local 0 is the parameter.
  const length = place(module, code, script, 1)
  code.u8(OP.localGet).u32(1).u8(OP.i32Const).signed(length)
  code.u8(OP.call).u32(exported(module, 'rb-eval-string-protect')).u8(OP.drop).u8(OP.end)
  return new ByteWriter().u32(1).u32(1).u8(0x7f).raw(code.bytes()).bytes().slice()
}
