import { ByteWriter } from '../../../hypervisor/wasm/writer.ts'

/** A section as it lies in the file: nothing in it is believed. */
export interface Piece {
  readonly id: number
  readonly contents: Uint8Array
}

const HEADER_BYTES = 8

/** The number at `at` in LEB128, and where it ends. Not the decoder's own reader: that one is under test. */
export function looseNumber(bytes: Uint8Array, at: number): { value: number, end: number } {
  let value = 0
  let end = at
  for (let shift = 0; end < bytes.length && shift < 35; shift += 7) {
    const byte = bytes[end++]
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return { value, end }
}

/** Takes a module apart into sections, as far as it can be. */
export function takeApart(module: Uint8Array): Piece[] {
  const pieces: Piece[] = []
  for (let at = HEADER_BYTES; at < module.length;) {
    const { value: size, end } = looseNumber(module, at + 1)
    pieces.push({ id: module[at], contents: module.subarray(end, end + size) })
    at = end + size
  }
  return pieces
}

/** Puts sections together under sizes that are right. */
export function putTogether(pieces: readonly Piece[]): Uint8Array {
  const out = new ByteWriter().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  for (const { id, contents } of pieces) out.u8(id).sized(contents)
  return out.bytes().slice()
}

/** The bodies in a code section's contents, without their sizes. */
export function bodiesOf(contents: Uint8Array): Uint8Array[] {
  const bodies: Uint8Array[] = []
  const { value: count, end } = looseNumber(contents, 0)
  for (let at = end; at < contents.length && bodies.length < count;) {
    const { value: size, end: start } = looseNumber(contents, at)
    bodies.push(contents.subarray(start, start + size))
    at = start + size
  }
  return bodies
}

/** The contents of a code section with these bodies. */
export function withBodies(bodies: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter().u32(bodies.length)
  for (const body of bodies) out.sized(body)
  return out.bytes().slice()
}
