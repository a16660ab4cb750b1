import wabt from 'wabt'

const assembler = await wabt()

/**
 * Assembles WebAssembly text: 2.0 with tail calls and extended constant expressions. Throws for malformed text; does not
 * validate.
 */
export function assemble(text: string | Uint8Array): Uint8Array {
  // The assembler takes a string for ASCII.
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const module = assembler.parseWat('test.wat', bytes, { tail_call: true, extended_const: true } as object)
  const { buffer } = module.toBinary({})
  module.destroy()
  return buffer
}

export interface GuestText {
  readonly imports?: string
  readonly memory?: string
  /** Functions, globals and whatever else. */
  readonly fields?: string
  readonly start?: string
  /** Code of `ft_interrupt`, whose parameter is `$causes`. */
  readonly interrupt?: string
}

/** The text of a guest of ABI `ft`. */
export function guestText({ imports = '', memory = '1 64', fields = '', start = '', interrupt = '' }: GuestText): string {
  return `(module ${imports} (memory (export "memory") ${memory}) ${fields}
    (func (export "ft_start") ${start})
    (func (export "ft_interrupt") (param $causes i32) ${interrupt}))`
}

export const assembleGuest = (text: GuestText): Uint8Array => assemble(guestText(text))
