/** The received bytes being parsed: from `pos` to `end`. */

export let pos: usize = 0
export let end: usize = 0

// @ts-ignore: decorator
@inline
export function setWindow(from: usize, to: usize): void {
  pos = from
  end = to
}

// @ts-ignore: decorator
@inline
export function moveTo(at: usize): void {
  pos = at
}

/** The first such byte from `pos` on, or 0; a NUL hides what follows it, as in Redis, which searches C strings. */
export function findByte(byte: u8): usize {
  for (let at = pos; at < end; at++) {
    const found = load<u8>(at)
    if (found == byte) return at
    if (found == 0) return 0
  }
  return 0
}
