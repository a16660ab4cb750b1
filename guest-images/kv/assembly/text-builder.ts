/** Text whose length must be known before it is sent: INFO, CLIENT LIST. One at a time. */
import { release, resize } from '../../lib/heap'
import { writeText } from '../../lib/text'
import { writeInteger } from './numbers'
import { bulk } from './reply'
import { copyBytes } from './str'

let start: usize = 0
let cap: usize = 0
let used: usize = 0

function room(size: usize): usize {
  if (used + size > cap) {
    cap = max(cap << 1, used + size + 1024)
    start = resize(start, cap)
  }
  return start + used
}

export function addText(text: string): void {
  used += writeText(room(text.length * 3), text)
}

export function addNumber(value: i64): void {
  const at = room(24)
  used += writeInteger(at, value) - at
}

export function addBytes(ptr: usize, len: i32): void {
  copyBytes(room(len), ptr, len)
  used += len
}

/** A line `name:number`. */
export function addField(name: string, value: i64): void {
  addText(name)
  addText(':')
  addNumber(value)
  addText('\r\n')
}

/** Bytes so far. */
export function builtLength(): usize {
  return used
}

/** Replies with the text as a bulk string; the next one begins empty. */
export function replyBuilt(): void {
  bulk(start, <i32>used)
  release(start)
  start = 0
  cap = 0
  used = 0
}
