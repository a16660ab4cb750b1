/** Damage to a stream of bytes, from a seed. */
import type { Rng } from '../../sim/rng.ts'

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** A damaged copy: one to eight changes, each of a random kind. */
export function mutate(rng: Rng, stream: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes: Uint8Array = stream.slice()
  for (let changes = rng.integer(1, 8); changes > 0; changes--) bytes = change(rng, bytes, other)
  return bytes
}

function change(rng: Rng, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  if (bytes.length === 0) return other.slice()
  const at = rng.integer(0, bytes.length - 1)
  switch (rng.integer(0, 5)) {
    case 0: bytes[at] ^= 1 << rng.integer(0, 7); return bytes
    case 1: bytes[at] = rng.integer(0, 255); return bytes
    case 2: return extreme(rng, bytes, at)
    case 3: return splice(bytes, at, at + rng.integer(0, 19), new Uint8Array(0))
    case 4: return splice(bytes, at, at, other.subarray(0, rng.integer(0, Math.min(other.length, 200))))
    default: return bytes.subarray(0, at)
  }
}

/** Numbers that overflow, underflow or promise too much. */
function extreme(rng: Rng, bytes: Uint8Array, at: number): Uint8Array {
  const width = rng.pick([1, 2, 4])
  const value = rng.pick(EXTREMES)
  for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = value >>> (8 * i)
  return bytes
}

function splice(bytes: Uint8Array, from: number, to: number, inserted: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(Math.min(to, bytes.length))]))
}

/** Cuts a stream into pieces as a network might. */
export function pieces(rng: Rng, stream: Uint8Array): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0; at < stream.length;) {
    const length = rng.chance(0.25) ? rng.integer(1, 8) : rng.integer(1, stream.length)
    cut.push(stream.subarray(at, at + length))
    at += length
  }
  return cut
}
