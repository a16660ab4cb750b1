import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'

/** A module that asks for as much as its bytes allow, of about `bytes` bytes. */
export interface Hostile {
  readonly name: string
  readonly make: (bytes: number) => Uint8Array
  /** What the refusal says, where the module is beyond a limit; it is valid otherwise. */
  readonly refused?: RegExp
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const I32 = 0x7f
const EMPTY_TYPE = [0x60, 0, 0]

/** `item` as often as it fits `bytes`, behind the count. */
function vector(bytes: number, ...item: number[]): ByteWriter {
  const count = Math.floor(bytes / item.length)
  const out = new ByteWriter().u32(count)
  for (let i = 0; i < count; i++) out.ops(...item)
  return out
}

const module = (...sections: (readonly [id: number, contents: ByteWriter])[]): Uint8Array => {
  const out = new ByteWriter().ops(...HEADER)
  for (const [id, contents] of sections) out.section(id, contents)
  return out.bytes().slice()
}

const list = (...bytes: number[]): ByteWriter => new ByteWriter().ops(...bytes)

/** `count` bodies of function type 0, each `body` with its size. */
function functions(count: number, body: Uint8Array, type = list(1, ...EMPTY_TYPE)): Uint8Array {
  const declared = new ByteWriter().u32(count)
  const bodies = new ByteWriter().u32(count)
  for (let i = 0; i < count; i++) {
    declared.u8(0)
    bodies.sized(body)
  }
  return module([1, type], [3, declared], [10, bodies])
}

/** One function whose code is `head`, then `repeated` as often as it fits, then `tail`. */
function code(bytes: number, head: number[] | Uint8Array, repeated: number[], tail: number[], type?: ByteWriter): Uint8Array {
  const body = new ByteWriter().u8(0).raw(Uint8Array.from(head))
  const count = Math.floor(bytes / repeated.length)
  for (let i = 0; i < count; i++) body.ops(...repeated)
  return functions(1, body.ops(...tail).bytes().slice(), type)
}

/** Blocks one in another, as deep as `bytes` allow, closed again. */
function nested(bytes: number, open: number[]): Uint8Array {
  const depth = Math.floor(bytes / (open.length + 1))
  const body = new ByteWriter().u8(0)
  for (let i = 0; i < depth; i++) body.ops(...open)
  for (let i = 0; i <= depth; i++) body.u8(OP.end)
  return functions(1, body.bytes().slice())
}

/** A global whose initial value is computed at length. */
function constant(bytes: number, repeated: number[]): ByteWriter {
  const out = list(1, I32, 0, OP.i32Const, 0)
  for (let i = 0; i < bytes / repeated.length; i++) out.ops(...repeated)
  return out.u8(OP.end)
}

/** A type of as many parameters and results as there may be. */
const wide = (params: number, results: number): ByteWriter => {
  const out = list(1, 0x60).u32(params)
  for (let i = 0; i < params; i++) out.u8(I32)
  out.u32(results)
  for (let i = 0; i < results; i++) out.u8(I32)
  return out
}

const manyLocals = (count: number): Uint8Array => list(1).u32(count).ops(I32, OP.end).bytes().slice()

/** A `br_table` in `depth` blocks that give 1,000 values each, with as many labels as fit. */
function wideTable(bytes: number): Uint8Array {
  const labels = Math.min(Math.floor(bytes / 3), 65_000)
  const depth = 1000
  const body = new ByteWriter().u8(0)
  for (let i = 0; i < depth; i++) body.ops(OP.block, 0)
  body.ops(OP.unreachable, OP.brTable).u32(labels)
  for (let i = 0; i <= labels; i++) body.u32(i % depth)
  for (let i = 0; i < depth; i++) body.ops(OP.end, OP.return)
  return functions(1, body.u8(OP.end).bytes().slice(), wide(0, 1000))
}

const LIMIT = /at most/

export const HOSTILE: readonly Hostile[] = [
  { name: 'types', make: bytes => module([1, vector(bytes, ...EMPTY_TYPE)]) },
  { name: 'types that differ', make: bytes => {
    const count = Math.floor(bytes / 16)
    const out = new ByteWriter().u32(count)
    for (let i = 0; i < count; i++) {
      out.ops(0x60, 13)
      for (let bit = 0; bit < 13; bit++) out.u8(0x7f - ((i >> bit) & 1))
      out.u8(0)
    }
    return module([1, out])
  } },
  { name: 'imports', make: bytes => module([1, list(1, ...EMPTY_TYPE)], [2, vector(bytes, 0, 0, 0, 0)]) },
  { name: 'functions', make: bytes => functions(Math.floor(bytes / 4), list(0, OP.end).bytes().slice()) },
  {
    name: 'functions without bodies', refused: /bodies/,
    make: bytes => module([1, list(1, ...EMPTY_TYPE)], [3, vector(bytes, 0)]),
  },
  { name: 'memories', make: bytes => module([5, vector(bytes, 0, 0)]), refused: LIMIT },
  { name: 'tables', make: bytes => module([4, vector(bytes, 0x70, 0, 0)]), refused: LIMIT },
  { name: 'globals', make: bytes => module([6, vector(bytes, I32, 0, OP.i32Const, 0, OP.end)]) },
  { name: 'exports of one name', make: bytes => module([5, list(1, 0, 0)], [7, vector(bytes, 0, 2, 0)]), refused: /duplicate/ },
  { name: 'element segments', make: bytes => module([9, vector(bytes, 1, 0, 0)]), refused: LIMIT },
  { name: 'elements', make: bytes => module(
    [1, list(1, ...EMPTY_TYPE)], [3, list(1, 0)], [9, list(1, 1, 0).raw(vector(bytes, 0).bytes())], [10, list(1, 2, 0, OP.end)],
  ) },
  { name: 'element expressions', make: bytes => module([9, list(1, 5, 0x70).raw(vector(bytes, 0xd0, 0x70, OP.end).bytes())]) },
  { name: 'data segments', make: bytes => module([11, vector(bytes, 1, 0)]), refused: LIMIT },
  { name: 'custom sections', make: bytes => {
    const out = new ByteWriter().ops(...HEADER)
    for (let i = 0; i < bytes / 3; i++) out.ops(0, 1, 0)
    return out.bytes().slice()
  } },
  {
    name: 'a long name', refused: /unknown memory/,
    make: bytes => module([7, new ByteWriter().u32(1).name('\n'.repeat(bytes)).ops(2, 0)]),
  },
  { name: '10^6 locals', make: () => functions(1, manyLocals(1_000_000)), refused: LIMIT },
  {
    name: '2^32 locals twice', refused: LIMIT,
    make: () => functions(1, list(2).u32(0xffffffff).u8(I32).u32(0xffffffff).ops(I32, OP.end).bytes().slice()),
  },
  { name: 'functions of many locals', make: bytes => functions(Math.floor(bytes / 8), manyLocals(10_000)) },
  { name: 'groups of no locals', make: bytes => functions(1, vector(bytes, 0, I32).u8(OP.end).bytes().slice()) },
  { name: 'nested blocks', make: bytes => nested(bytes, [OP.block, 0x40]), refused: LIMIT },
  { name: 'nested loops of a type', make: bytes => nested(bytes, [OP.loop, 0]), refused: LIMIT },
  {
    name: 'br_table', refused: LIMIT,
    make: bytes => code(0, list(OP.i32Const, 0, OP.brTable).raw(vector(bytes, 0).bytes()).u8(0).bytes(), [0], [OP.end]),
  },
  { name: 'br_table over wide blocks', make: wideTable },
  { name: 'many small br_tables', make: bytes => code(bytes, [], [OP.i32Const, 0, OP.brTable, 1, 0, 0], [OP.end]) },
  { name: 'constants piled up', make: bytes => code(bytes, [], [OP.i32Const, 0], [OP.unreachable, OP.end]), refused: LIMIT },
  {
    name: 'wide calls piled up', refused: LIMIT,
    make: bytes => code(bytes, [], [OP.call, 0], [OP.return, OP.end], wide(0, 1000)),
  },
  { name: 'wide calls', make: bytes => code(bytes, [OP.unreachable], [OP.call, 0], [OP.end], wide(1000, 1000)) },
  {
    name: 'wide branches',
    make: bytes => code(bytes, [OP.unreachable, OP.call, 0], [OP.i32Const, 0, OP.brIf, 0], [OP.end], wide(1000, 1000)),
  },
  { name: 'constants piled up in a global', make: bytes => module([6, constant(bytes, [OP.i32Const, 0])]), refused: LIMIT },
  { name: 'a long constant expression', make: bytes => module([6, constant(bytes, [OP.i32Const, 0, OP.i32Add])]) },
  { name: 'floats looked at', make: bytes => code(bytes, [0x43, 0, 0, 0, 0], [0x92 - 1, 0x8c], [OP.drop, OP.end]) },
]
