import { FD, OP } from '../../../hypervisor/wasm/opcodes.ts'
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128 } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import type { Rng } from '../../sim/rng.ts'
import { i32, i64, instr } from '../ir/ir.ts'
import type { Instr } from '../ir/ir.ts'

const WORDS = [
  0, 1, 2, -1, -2, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, -0x80000000,
]

/**
 * Bits of f32: zeros, ones, infinities, the edges of integer ranges, denormals; and NaNs: canonical of both signs, with
 * payloads, signalling.
 */
const SINGLES = [
  0, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x40490fdb, 0x7f800000, 0xff800000, 0x4f000000, 0xcf000000, 0x4f800000,
  0x5f000000, 0xdf000000, 0x5f800000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0x4effffff,
]
const SINGLE_NANS = [0x7fc00000, 0xffc00000, 0x7fc00001, 0xffc12345, 0x7fa00001, 0xff800001, 0x7fffffff, 0x7f800001]

/** Bits of f64 as [low, high], in the same order of kinds. */
const DOUBLES: readonly (readonly [number, number])[] = [
  [0, 0], [0, 0x80000000], [0, 0x3ff00000], [0, 0xbff00000], [0, 0x3fe00000], [0x54442d18, 0x400921fb], [0, 0x7ff00000],
  [0, 0xfff00000], [0, 0x41e00000], [0, 0xc1e00000], [0xffc00000, 0x41dfffff], [0, 0x41f00000], [0, 0x43e00000], [0, 0xc3e00000],
  [0, 0x43f00000], [1, 0], [1, 0x80000000], [0xffffffff, 0x000fffff], [0, 0x00100000], [0xffffffff, 0x7fefffff],
  [0xe0000000, 0x47efffff], [0xf0000000, 0x47efffff],
]
const DOUBLE_NANS: readonly (readonly [number, number])[] = [
  [0, 0x7ff80000], [0, 0xfff80000], [1, 0x7ff80000], [0x12345678, 0xfff89abc], [1, 0x7ff40000], [1, 0xfff00000],
  [0xffffffff, 0x7fffffff], [0x20000000, 0x7ff80000], [0x20000000, 0x7ff00000],
]

const NAN_CHANCE = 0.25

function word(rng: Rng): number {
  const kind = rng.integer(0, 9)
  return kind < 5 ? rng.pick(WORDS) : kind < 6 ? rng.integer(0, 1023) : rng.word() | 0
}

function single(rng: Rng): number {
  if (rng.chance(NAN_CHANCE)) return rng.pick(SINGLE_NANS)
  return rng.chance(0.7) ? rng.pick(SINGLES) : rng.word()
}

function double(rng: Rng): readonly [number, number] {
  if (rng.chance(NAN_CHANCE)) return rng.pick(DOUBLE_NANS)
  return rng.chance(0.7) ? rng.pick(DOUBLES) : [rng.word(), rng.word()]
}

function vectorBytes(rng: Rng): Uint8Array {
  const words = new Uint32Array(4)
  const shape = rng.integer(0, 2)
  for (let i = 0; i < 4; i++) words[i] = shape === 0 ? word(rng) : single(rng)
  if (shape === 2) for (const i of [0, 2]) words.set(double(rng), i)
  return new Uint8Array(words.buffer)
}

/** A constant of the type, from the values at which implementations differ. */
export function constant(rng: Rng, type: ValType): Instr {
  switch (type) {
    case I32: return i32(word(rng))
    case I64: return rng.chance(0.6) ? i64(word(rng)) : i64(word(rng), word(rng))
    case F32: return instr(OP.f32Const, { a: single(rng) | 0 })
    case F64: {
      const [low, high] = double(rng)
      return instr(OP.f64Const, { a: low | 0, b: high | 0 })
    }
    case V128: return instr(OP.v128Const, { bytes: vectorBytes(rng) })
    default: return zero(type)
  }
}

/** The zero of the type, or null. */
export function zero(type: ValType): Instr {
  switch (type) {
    case I32: return i32(0)
    case I64: return i64(0)
    case F32: return instr(OP.f32Const)
    case F64: return instr(OP.f64Const)
    case V128: return instr(FD + 0x0c, { bytes: new Uint8Array(16) })
    case FUNCREF: case EXTERNREF: return instr(OP.refNull, { a: type })
    default: throw new Error(`no zero of type ${type}`)
  }
}
