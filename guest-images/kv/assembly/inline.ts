/** Inline requests: a line of words, as typed into telnet, with Redis's quoting. */
import { addArgument } from './arguments'
import { Found, LINE_MAX } from './found'
import { error } from './reply'
import { end, findByte, moveTo, pos } from './window'

/** Parses the line at `pos`. Quoted words are unquoted where they are. */
export function parseInline(): i32 {
  const newline = findByte(10)
  if (newline == 0) {
    if (end - pos <= LINE_MAX) return Found.NOTHING
    error('ERR Protocol error: too big inline request')
    return Found.VIOLATION
  }
  const start = pos
  moveTo(newline + 1)
  const lineEnd = newline > start && load<u8>(newline - 1) == 13 ? newline - 1 : newline
  if (splitWords(start, lineEnd)) return Found.REQUEST
  error('ERR Protocol error: unbalanced quotes in request')
  return Found.VIOLATION
}

function splitWords(at: usize, lineEnd: usize): bool {
  while (at != 0) {
    while (at < lineEnd && isSpace(load<u8>(at))) at++
    if (at == lineEnd) return true
    at = readWord(at, lineEnd)
  }
  return false
}

/** Reads a word, which may have quoted parts, writes it unquoted to its own place, and returns where it ended; 0: bad. */
function readWord(at: usize, lineEnd: usize): usize {
  const start = at
  let to = at
  while (at < lineEnd && !endsWord(load<u8>(at))) {
    const byte = load<u8>(at)
    if (byte == 0x22 || byte == 0x27) {
      at = readQuoted(at + 1, lineEnd, byte, to)
      if (at == 0) return 0
      to = unquotedEnd
      // A closing quote must end the word.
      if (at < lineEnd && !isSpace(load<u8>(at))) return 0
    } else {
      store<u8>(to++, byte)
      at++
    }
  }
  addArgument(start, <i32>(to - start))
  return at
}

let unquotedEnd: usize = 0

/** Reads up to the closing quote, writing to `to`; returns what follows it, or 0 if it is missing. */
function readQuoted(at: usize, lineEnd: usize, quote: u8, to: usize): usize {
  for (; at < lineEnd; at++) {
    const byte = load<u8>(at)
    if (byte == quote) {
      unquotedEnd = to
      return at + 1
    }
    if (byte != 0x5C || at + 1 == lineEnd) store<u8>(to++, byte)
    else if (quote == 0x27) {
      // Between single quotes only the quote itself can be escaped.
      if (load<u8>(at + 1) == 0x27) at++
      store<u8>(to++, load<u8>(at))
    } else if (at + 3 < lineEnd && load<u8>(at + 1) == 0x78 && hexDigit(at + 2) < 16 && hexDigit(at + 3) < 16) {
      store<u8>(to++, (hexDigit(at + 2) << 4) | hexDigit(at + 3))
      at += 3
    } else store<u8>(to++, escaped(load<u8>(++at)))
  }
  return 0
}

function escaped(byte: u8): u8 {
  if (byte == 0x6E) return 10
  if (byte == 0x72) return 13
  if (byte == 0x74) return 9
  if (byte == 0x62) return 8
  return byte == 0x61 ? 7 : byte
}

function hexDigit(at: usize): u32 {
  const byte = <u32>load<u8>(at)
  if (byte - 48 < 10) return byte - 48
  const letter = (byte | 32) - 97
  return letter < 6 ? letter + 10 : 16
}

/** Fewer bytes end a word than may stand before one. */
function endsWord(byte: u8): bool {
  return byte == 32 || byte == 9 || byte == 10 || byte == 13
}

function isSpace(byte: u8): bool {
  return byte == 32 || <u32>byte - 9 < 5
}
