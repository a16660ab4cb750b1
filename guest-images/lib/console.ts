import * as ft from './ft'
import { writeText } from './text'

const LINE_MAX = 1024
const line = memory.data(LINE_MAX * 3 + 1)

/** Writes one line of text (at most 1024 UTF-16 units, the rest is cut) to the machine's console. */
export function print(text: string): void {
  const units = min(text.length, LINE_MAX)
  const length = <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), units, line, false)
  store<u8>(line + length, 10)
  ft.console_write(line, length + 1)
}

/** Writes raw bytes, at most 65536, to the console. Returns 0 or an error. */
export function write(ptr: usize, len: i32): i32 {
  return ft.console_write(ptr, len)
}

/** Copies what was typed at the console; returns the bytes copied, 0 if there is nothing. */
export function read(ptr: usize, cap: i32): i32 {
  return ft.console_read(ptr, cap)
}

const failure = memory.data(64)

/** Takes the place of AssemblyScript's `abort`: says where an assertion failed, then traps. */
export function abort(message: string | null, file: string | null, lineNumber: u32, column: u32): void {
  print(message !== null ? message : 'assertion failed')
  if (file !== null) print(file)
  let length = writeText(failure, 'at line ')
  length += writeDecimal(failure + length, lineNumber)
  length += writeText(failure + length, ', column ')
  length += writeDecimal(failure + length, column)
  store<u8>(failure + length, 10)
  ft.console_write(failure, length + 1)
  unreachable()
}

function writeDecimal(ptr: usize, value: u32): i32 {
  let digits = 1
  for (let rest = value / 10; rest != 0; rest /= 10) digits++
  for (let at = digits - 1; at >= 0; at--, value /= 10) store<u8>(ptr + at, 48 + value % 10)
  return digits
}
