/** What the simulated clients and the simulated guest say to each other. Words are u32, little-endian. */

/** id, flags, body bytes of the reply, work in ticks, payload bytes that follow. */
export const requestWords = 5
export const requestBytes = requestWords * 4

/** What a request asks of the guest besides its reply; bits. */
export const Ask = {
  monotonic: 1,
  wall: 2,
  entropy: 4,
  timer: 8,
  grow: 16,
  console: 32,
  /** So much entropy that the log of one run needs several frames. */
  muchEntropy: 64
} as const

/**
 * kind, id, replies on this connection so far, hash of what it sent, number of the reply over all connections, draws
 * of random bytes so far, their hash, last clock reading (low, high), body bytes that follow.
 */
export const replyWords = 10
export const replyBytes = replyWords * 4

export const ReplyKind = { reply: 1, timer: 2 } as const

export const guestPort = 7

/** The bodies of all replies are cut out of one pattern of a prime length, so that they are made and compared in long pieces. */
const patternBytes = 65521
/** What is cut out at once at most. */
export const pieceBytesMax = 16384
const pattern = new Uint8Array(patternBytes + pieceBytesMax)
for (let i = 0; i < pattern.length; i++) pattern[i] = mix(0x1234, i % patternBytes) >>> 11

/** `length` bytes of the body of a reply, from its byte `i` on; at most `pieceBytesMax`. */
export function bodyPiece(id: number, kind: number, i: number, length: number): Uint8Array {
  const at = (id * 7919 + kind * 104_729 + i) % patternBytes
  return pattern.subarray(at, at + length)
}

/** Mixes a word into a running hash. */
export function mix(hash: number, word: number): number {
  return (Math.imul((hash ^ word) | 0, 0x01000193) + 0x9e3779b9) | 0
}

export function mixBytes(hash: number, bytes: Uint8Array): number {
  let h = hash
  for (let i = 0; i < bytes.length; i++) h = mix(h, bytes[i]!)
  return h
}
