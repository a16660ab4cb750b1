/** Copies of guest memory. Copying is cheap where both sides have their pages; getting pages from the system is not. */

export const pageBytes = 65536

/**
 * Copies `source` to the front of `room`, or to new bytes if there is no room or too little. Pages that are zero on both
 * sides are left alone, so that they take no memory of the host's.
 * @returns the copy, as long as `source`
 */
export function copyMemory(source: Uint8Array, room?: Uint8Array): Uint8Array {
  const enough = room !== undefined && room.length >= source.length
  const target = enough ? room.subarray(0, source.length) : new Uint8Array(source.length)
  for (let at = 0; at < source.length; at += pageBytes) {
    const page = source.subarray(at, at + pageBytes)
    if (!isZero(page)) target.set(page, at)
    else if (enough && !isZero(target.subarray(at, at + pageBytes))) target.fill(0, at, at + pageBytes)
  }
  return target
}

/** Makes every byte 0, and leaves pages alone that are. */
export function clear(memory: Uint8Array): void {
  for (let at = 0; at < memory.length; at += pageBytes) {
    const page = memory.subarray(at, at + pageBytes)
    if (!isZero(page)) page.fill(0)
  }
}

/** True if every byte is 0. */
export function isZero(bytes: Uint8Array): boolean {
  const whole = bytes.byteOffset % 4 === 0 ? bytes.length - (bytes.length % 32) : 0
  const words = new Int32Array(bytes.buffer, whole > 0 ? bytes.byteOffset : 0, whole / 4)
  for (let i = 0; i < words.length; i += 8) {
    const any = words[i] | words[i + 1] | words[i + 2] | words[i + 3] | words[i + 4] | words[i + 5] | words[i + 6] | words[i + 7]
    if (any !== 0) return false
  }
  for (let i = whole; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}
