import { NAN_SHAPE } from '../wasm/nan.ts'
import { FD, OP } from '../wasm/opcodes.ts'
import { F32, F64, V128 } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'
import type { BodyEmitter } from './body-emitter.ts'

const F32_NAN = [0x00, 0x00, 0xc0, 0x7f]
const F64_NAN = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f]
const PREFIX = 0xfd
const BITSELECT = 0x52

/** Added locals that hold a float result while it is looked at, by shape. */
const SCRATCH: Readonly<Record<number, { name: string, type: ValType }>> = {
  [NAN_SHAPE.f32]: { name: 'f32', type: F32 },
  [NAN_SHAPE.f64]: { name: 'f64', type: F64 },
  [NAN_SHAPE.f32x4]: { name: 'v128', type: V128 },
  [NAN_SHAPE.f64x2]: { name: 'v128', type: V128 },
}

/** Per vector shape: `eq`, `ne` behind the prefix and the canonical NaN in every lane. */
const VECTOR: Readonly<Record<number, { eq: number, ne: number, nan: number[] }>> = {
  [NAN_SHAPE.f32x4]: { eq: 0x41, ne: 0x42, nan: [...F32_NAN, ...F32_NAN, ...F32_NAN, ...F32_NAN] },
  [NAN_SHAPE.f64x2]: { eq: 0x47, ne: 0x48, nan: [...F64_NAN, ...F64_NAN] },
}

/** Emits the code that turns a NaN on top of the stack, in any lane, into the canonical positive one. */
export function canonicalise(to: BodyEmitter, shape: number): void {
  const scratch = to.local(SCRATCH[shape].name, SCRATCH[shape].type)
  const get = (): unknown => to.out.u8(OP.localGet).u32(scratch)
  to.out.u8(OP.localTee).u32(scratch)
  get()
  if (shape === NAN_SHAPE.f32 || shape === NAN_SHAPE.f64) {
    to.out.u8(shape === NAN_SHAPE.f32 ? OP.f32Ne : OP.f64Ne)
    to.ifUnlikely()
    if (shape === NAN_SHAPE.f32) to.out.ops(OP.f32Const, ...F32_NAN)
    else to.out.ops(OP.f64Const, ...F64_NAN)
  } else {
    const { eq, ne, nan } = VECTOR[shape]
    to.out.u8(PREFIX).u32(ne).u8(PREFIX).u32(OP.v128AnyTrue - FD)
    to.ifUnlikely()
    // Every lane equal to itself stays; the others take the canonical NaN.
    get()
    to.out.u8(PREFIX).u32(OP.v128Const - FD).ops(...nan)
    get()
    get()
    to.out.u8(PREFIX).u32(eq).u8(PREFIX).u32(BITSELECT)
  }
  to.out.u8(OP.localSet).u32(scratch).u8(OP.end)
  get()
}
