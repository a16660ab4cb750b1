/** String literals as bytes. Literals are static data in UTF-16; nothing here allocates a managed string. */

/** Writes the text as UTF-8 at `ptr`; returns the bytes written (at most 3 per UTF-16 unit). No terminator. */
export function writeText(ptr: usize, text: string): i32 {
  return <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, ptr, false)
}

/** Whether the bytes are this ASCII text. */
export function equalsText(ptr: usize, len: i32, text: string): bool {
  if (len != text.length) return false
  const units = changetype<usize>(text)
  for (let i = 0; i < len; i++) {
    if (load<u8>(ptr + i) != load<u16>(units + (i << 1))) return false
  }
  return true
}

/** Whether the bytes are this lower-case ASCII text, in any case. */
export function equalsWord(ptr: usize, len: i32, word: string): bool {
  if (len != word.length) return false
  const units = changetype<usize>(word)
  for (let i = 0; i < len; i++) {
    if (lower(load<u8>(ptr + i)) != load<u16>(units + (i << 1))) return false
  }
  return true
}

/** An ASCII letter in lower case; any other byte as it is. */
// @ts-ignore: decorator
@inline
export function lower(byte: u32): u32 {
  return byte - 65 < 26 ? byte | 32 : byte
}
