/** Redis's glob patterns: `*`, `?`, `[a-z]`, `[^x]`, and `\` to take the next byte as it is. */

/** The pattern's element that `matchOne` looked at last ends here. */
let elementEnd: usize = 0

/**
 * Whether the whole text matches. At a mismatch only the last star seen is retried, with one byte more: what matched
 * before it can't do better, so the time is at most pattern times text.
 */
export function matches(pattern: usize, patternLen: i32, text: usize, textLen: i32): bool {
  const patternEnd = pattern + patternLen
  const textEnd = text + textLen
  let starAt: usize = 0
  let starText: usize = 0
  while (text < textEnd) {
    if (pattern < patternEnd && load<u8>(pattern) == 0x2A) {
      starAt = ++pattern
      starText = text
    } else if (pattern < patternEnd && matchOne(pattern, patternEnd, text)) {
      pattern = elementEnd
      text++
    } else if (starAt != 0) {
      pattern = starAt
      text = ++starText
    } else return false
  }
  // An empty text is matched by no star either: Redis compares nothing then.
  if (textLen == 0) return patternLen == 0
  while (pattern < patternEnd && load<u8>(pattern) == 0x2A) pattern++
  return pattern == patternEnd
}

/** Whether the element at `pattern` matches this one byte. */
function matchOne(pattern: usize, patternEnd: usize, text: usize): bool {
  const first = load<u8>(pattern)
  if (first == 0x5B) return matchClass(pattern + 1, patternEnd, load<u8>(text))
  if (first == 0x5C && pattern + 1 < patternEnd) pattern++
  elementEnd = pattern + 1
  return (first == 0x3F) || load<u8>(pattern) == load<u8>(text)
}

/** A class, from behind its `[`. One that is never closed ends with the pattern. */
function matchClass(at: usize, patternEnd: usize, byte: u8): bool {
  const not = at < patternEnd && load<u8>(at) == 0x5E
  if (not) at++
  let match = false
  while (at < patternEnd && load<u8>(at) != 0x5D) {
    if (load<u8>(at) == 0x5C && at + 1 < patternEnd) {
      if (load<u8>(++at) == byte) match = true
    } else if (at + 2 < patternEnd && load<u8>(at + 1) == 0x2D) {
      // Redis compares the bytes of a range as signed numbers, in either order.
      const one = load<i8>(at)
      const two = load<i8>(at + 2)
      if (<i8>byte >= min(one, two) && <i8>byte <= max(one, two)) match = true
      at += 2
    } else if (load<u8>(at) == byte) match = true
    at++
  }
  elementEnd = min(at + 1, patternEnd)
  return match != not
}
