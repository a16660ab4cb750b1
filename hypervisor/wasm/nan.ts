import { FD } from './opcodes.ts'

/**
 * Which instructions can make a NaN, and which don't look at a NaN's sign and payload. WebAssembly leaves the bits of
 * an arithmetic NaN open; this machine fixes them to the canonical positive one (DESIGN §2). A NaN that only feeds
 * arithmetic, comparisons and truncations can't be told apart from a canonical one, so engines need to act
 * only where another instruction takes the value.
 */
export const NAN_SHAPE = { none: 0, f32: 1, f64: 2, f32x4: 3, f64x2: 4 } as const

const SIZE = 0x300
const made = new Uint8Array(SIZE)
const accepted = new Uint8Array(SIZE)

function mark(table: Uint8Array, shape: number, from: number, to = from): void {
  table.fill(shape, from, to + 1)
}

function arithmetic(shape: number, from: number, to = from): void {
  mark(made, shape, from, to)
  mark(accepted, shape, from, to)
}

const { f32, f64, f32x4, f64x2 } = NAN_SHAPE
// abs, neg, copysign, pmin and pmax move bits: they neither make a NaN nor hide one.
arithmetic(f32, 0x8d, 0x97)
arithmetic(f64, 0x9b, 0xa5)
arithmetic(f32x4, FD + 0x67, FD + 0x6a)
arithmetic(f32x4, FD + 0xe3, FD + 0xe9)
arithmetic(f64x2, FD + 0x74, FD + 0x75)
arithmetic(f64x2, FD + 0x7a)
arithmetic(f64x2, FD + 0x94)
arithmetic(f64x2, FD + 0xef, FD + 0xf5)
// Conversions between float widths take one shape and make the other.
mark(made, f32, 0xb6)
mark(accepted, f64, 0xb6)
mark(made, f64, 0xbb)
mark(accepted, f32, 0xbb)
mark(made, f32x4, FD + 0x5e)
mark(accepted, f64x2, FD + 0x5e)
mark(made, f64x2, FD + 0x5f)
mark(accepted, f32x4, FD + 0x5f)
// Comparisons and truncations to integers.
mark(accepted, f32, 0x5b, 0x60)
mark(accepted, f64, 0x61, 0x66)
for (const signed of [0xa8, 0xae]) {
  mark(accepted, f32, signed, signed + 1)
  mark(accepted, f64, signed + 2, signed + 3)
}
for (const saturating of [0x100, 0x104]) {
  mark(accepted, f32, saturating, saturating + 1)
  mark(accepted, f64, saturating + 2, saturating + 3)
}
mark(accepted, f32x4, FD + 0x41, FD + 0x46)
mark(accepted, f64x2, FD + 0x47, FD + 0x4c)
mark(accepted, f32x4, FD + 0xf8, FD + 0xf9)
mark(accepted, f64x2, FD + 0xfc, FD + 0xfd)

/** By opcode: the shape of the result in which a NaN of open bits may stand, or `none`. */
export const MAKES_NAN: Readonly<Uint8Array> = made
/** By opcode: the shape of operands whose NaN bits have no influence, or `none`. */
export const ACCEPTS_NAN: Readonly<Uint8Array> = accepted
