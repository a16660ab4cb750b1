/**
 * How a register instruction lies in memory. Its opcode is a u16; behind it come its operands, 16-bit ones first. The
 * letter of an operand says what it is:
 *
 * | letters | operand | size |
 * |---|---|---|
 * | `d` | destination register | i16 |
 * | `a` `b` `c` | source registers | i16 |
 * | `n` `k` | small numbers | u16 |
 * | `i` `j` `w` | immediates, signed or not | 32 bits, 4-aligned |
 * | `t` `u` | branch targets: addresses of code | u32, 4-aligned |
 * | `l` | immediate | 64 bits, 4-aligned |
 * | `v` | immediate vector | 128 bits, 4-aligned |
 */
export interface Field {
  readonly letter: string
  /** In bytes from the opcode. */
  readonly offset: number
}

export interface Form {
  readonly fields: readonly Field[]
  /** In bytes, the opcode included; a multiple of four. */
  readonly length: number
}

const SMALL = 'dabcnk'
const sizeOf = (letter: string): number => (SMALL.includes(letter) ? 2 : letter === 'v' ? 16 : letter === 'l' ? 8 : 4)
const align4 = (offset: number): number => (offset + 3) & ~3

/** Lays out operands given by their letters, such as `dab` or `dai`; 16-bit ones must come first. */
export function layOutForm(letters: string): Form {
  const fields: Field[] = []
  let offset = 2
  for (const letter of letters) {
    const size = sizeOf(letter)
    if (size > 2) offset = align4(offset)
    else if (fields.some(field => sizeOf(field.letter) > 2)) throw new Error(`operands ${letters}: 16-bit ones come first`)
    fields.push({ letter, offset })
    offset += size
  }
  return { fields, length: align4(offset) }
}

/**
 * One register instruction: what the translator emits and what the core does. `body` is AssemblyScript in which
 * `$x` stands for operand `x`: for a register the address of its slot, for others the value. See `core/expand.ts`
 * for the rest of the notation.
 */
export interface Instruction {
  readonly name: string
  readonly operands: string
  readonly body: string
  /** True for what is rare or large: it goes to a second switch, out of the hot one. */
  readonly cold: boolean
  /** True for what does nothing but go elsewhere: its body sets `pc`. */
  readonly jumps: boolean
}

const one = (name: string, operands: string, body: string, cold: boolean, jumps: boolean): Instruction =>
  ({ name, operands, body, cold, jumps })

export const hot = (name: string, operands: string, body: string): Instruction => one(name, operands, body, false, false)
export const cold = (name: string, operands: string, body: string): Instruction => one(name, operands, body, true, false)
export const jump = (name: string, operands: string, body: string): Instruction => one(name, operands, body, false, true)
