import { FC, FD, IMM, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { ByteWriter } from '../../../hypervisor/wasm/writer.ts'
import type { Rng } from '../../sim/rng.ts'
import { bodiesOf, looseNumber, putTogether, takeApart, withBodies } from './pieces.ts'
import type { Piece } from './pieces.ts'

const NUMBERS = [0, 1, 2, 3, 0x3f, 0x40, 0x7f, 0x80, 0xff, 1000, 1001, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]
const BYTES = [0, 1, 2, 0x0b, 0x40, 0x60, 0x6f, 0x70, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff]
const CODE = 10

type Mutation = (rng: Rng, pieces: Piece[], donor: readonly Piece[]) => void

/** A damaged copy of `base`, with parts of `donor`; sections keep right sizes unless the damage is to the file's bytes. */
export function mutate(rng: Rng, base: Uint8Array, donor: Uint8Array): Uint8Array {
  const pieces = takeApart(base)
  const parts = takeApart(donor)
  for (let n = rng.integer(1, 4); n > 0; n--) if (pieces.length > 0) rng.pick(MUTATIONS)(rng, pieces, parts)
  const bytes = putTogether(pieces)
  if (rng.chance(0.1)) return splice(bytes, rng.integer(0, bytes.length), bytes.length, [])
  return rng.chance(0.1) ? changeBytes(rng, bytes) : bytes
}

function splice(bytes: Uint8Array, from: number, to: number, put: Iterable<number>): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, from), ...put, ...bytes.subarray(to)])
}

function replace(pieces: Piece[], i: number, contents: Uint8Array): void {
  pieces[i] = { id: pieces[i].id, contents }
}

const somewhere = (rng: Rng, list: readonly unknown[] | Uint8Array): number => rng.integer(0, Math.max(0, list.length - 1))

function changeBytes(rng: Rng, bytes: Uint8Array): Uint8Array {
  const at = somewhere(rng, bytes)
  const value = rng.chance(0.5) ? rng.pick(BYTES) : rng.integer(0, 255)
  switch (rng.integer(0, 3)) {
    case 0: return splice(bytes, at, at + 1, [value])
    case 1: return splice(bytes, at, at, [value])
    case 2: return splice(bytes, at, at + rng.integer(1, 8), [])
    default: return splice(bytes, at, at, bytes.subarray(at, at + rng.integer(1, 32)))
  }
}

/** A number in LEB128, now and then in more bytes than it takes. */
function encodeNumber(rng: Rng, value: number): number[] {
  const bytes = [...new ByteWriter().u32(value).bytes()]
  for (let more = rng.chance(0.2) ? rng.integer(1, 6) : 0; more > 0; more--) {
    bytes[bytes.length - 1] |= 0x80
    bytes.push(0)
  }
  return bytes
}

/** Puts another number where one stands, or seems to. */
function changeNumber(rng: Rng, bytes: Uint8Array, at: number): Uint8Array {
  const { value, end } = looseNumber(bytes, at)
  const changed = rng.chance(0.5) ? rng.pick(NUMBERS) : Math.max(0, value + rng.integer(-2, 2))
  return splice(bytes, at, end, encodeNumber(rng, changed))
}

/** An instruction with immediates of about the right shape. */
function instruction(rng: Rng): number[] {
  const opcode = rng.chance(0.02) ? rng.integer(0, 0x2ff) : rng.pick(KNOWN)
  const out = new ByteWriter()
  if (opcode >= FD) out.u8(0xfd).u32(opcode - FD)
  else if (opcode >= FC) out.u8(0xfc).u32(opcode - FC)
  else out.u8(opcode)
  const small = (): number => (rng.chance(0.05) ? rng.pick(NUMBERS) : rng.integer(0, 3))
  const kind = OPCODES[opcode]?.immediate ?? IMM.none
  if (kind === IMM.block) out.u8(rng.pick([0x40, 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0, 1]))
  else if (kind === IMM.refType) out.u8(rng.pick([0x70, 0x6f]))
  else if (kind === IMM.v128 || kind === IMM.shuffle) for (let i = 0; i < 16; i++) out.u8(rng.integer(0, 33))
  else if (kind === IMM.f64) for (let i = 0; i < 8; i++) out.u8(rng.integer(0, 255))
  else if (kind === IMM.f32) for (let i = 0; i < 4; i++) out.u8(rng.integer(0, 255))
  else if (kind !== IMM.none) for (let n = TWO.has(kind) ? 2 : kind === IMM.labels ? 3 : 1; n > 0; n--) out.u32(small())
  return [...out.bytes()]
}

const KNOWN = OPCODES.flatMap((info, opcode) => (info === undefined ? [] : [opcode]))
const TWO = new Set<number>([IMM.callIndirect, IMM.memarg, IMM.memoryInit, IMM.memoryCopy, IMM.tableInit, IMM.tableCopy])

function changeCode(rng: Rng, body: Uint8Array): Uint8Array {
  const at = somewhere(rng, body)
  switch (rng.integer(0, 4)) {
    case 0: return splice(body, at, at, instruction(rng))
    case 1: return splice(body, at, at + rng.integer(1, 3), instruction(rng))
    case 2: return splice(body, at, at + rng.integer(1, 6), [])
    case 3: return changeNumber(rng, body, at)
    default: return changeBytes(rng, body)
  }
}

/** Changes one of the bodies of a code section, or the list of them. */
function changeBodies(rng: Rng, pieces: Piece[], donor: readonly Piece[]): void {
  const i = pieces.findIndex(piece => piece.id === CODE)
  if (i < 0) return
  const bodies = bodiesOf(pieces[i].contents)
  const others = bodiesOf(donor.find(piece => piece.id === CODE)?.contents ?? new Uint8Array([0]))
  const at = somewhere(rng, bodies)
  if (bodies.length === 0) return
  const kind = rng.integer(0, 9)
  if (kind === 0 && others.length > 0) bodies[at] = rng.pick(others)
  else if (kind === 1) bodies.splice(at, 1)
  else if (kind === 2) bodies.splice(at, 0, bodies[somewhere(rng, bodies)])
  else bodies[at] = changeCode(rng, bodies[at])
  replace(pieces, i, withBodies(bodies))
}

const MUTATIONS: readonly Mutation[] = [
  changeBodies, changeBodies, changeBodies, changeBodies,
  (rng, pieces) => {
    const i = somewhere(rng, pieces)
    replace(pieces, i, changeNumber(rng, pieces[i].contents, somewhere(rng, pieces[i].contents)))
  },
  // The count of a section stands first in it.
  (rng, pieces) => { const i = somewhere(rng, pieces); replace(pieces, i, changeNumber(rng, pieces[i].contents, 0)) },
  (rng, pieces) => { const i = somewhere(rng, pieces); replace(pieces, i, changeBytes(rng, pieces[i].contents)) },
  (rng, pieces) => { pieces.splice(somewhere(rng, pieces), 1) },
  (rng, pieces) => { pieces.splice(somewhere(rng, pieces), 0, rng.pick(pieces)) },
  (rng, pieces) => { const i = somewhere(rng, pieces); pieces[i] = { id: rng.integer(0, 14), contents: pieces[i].contents } },
  (rng, pieces, donor) => { if (donor.length > 0) pieces.splice(somewhere(rng, pieces), rng.integer(0, 1), rng.pick(donor)) },
  // A section of another module in the place of ours.
  (rng, pieces, donor) => {
    const i = somewhere(rng, pieces)
    const other = donor.find(piece => piece.id === pieces[i].id)
    if (other !== undefined) pieces[i] = other
  },
]
