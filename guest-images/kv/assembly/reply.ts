/** RESP2 replies, written at `out`. */
import { writeText } from '../../lib/text'
import { writeInteger } from './numbers'
import { advance, out, putBytes, putShared, reserve } from './output'
import { Str, bytesOf, copyBytes } from './str'

/** Strings longer than this are sent from where they are instead of being copied. */
const SHARED_MIN = 16384
const CRLF: u16 = 0x0A0D

/** `+OK` */
export function ok(): void {
  reserve(8)
  store<u32>(out, 0x0D4B4F2B)
  store<u8>(out, 10, 4)
  advance(out + 5)
}

/** The null bulk string. */
export function nil(): void {
  reserve(8)
  store<u32>(out, 0x0D312D24)
  store<u8>(out, 10, 4)
  advance(out + 5)
}

/** The null array. */
export function nilArray(): void {
  reserve(8)
  store<u32>(out, 0x0D312D2A)
  store<u8>(out, 10, 4)
  advance(out + 5)
}

/** A status of at most 1000 characters, without the plus sign. */
export function status(text: string): void {
  line(0x2B, text)
}

/** An error of at most 1000 characters, without the minus sign. */
export function error(text: string): void {
  line(0x2D, text)
}

function line(sign: u8, text: string): void {
  reserve(3072)
  store<u8>(out, sign)
  endLine(out + 1 + writeText(out + 1, text))
}

/** A status of so many ASCII letters in UTF-16. */
export function statusLetters(units: usize, length: i32): void {
  reserve(length + 4)
  store<u8>(out, 0x2B)
  endLine(out + 1 + copyLetters(out + 1, units, length))
}

/** A bulk string of so many ASCII letters in UTF-16. */
export function bulkLetters(units: usize, length: i32): void {
  number(0x24, length)
  reserve(length + 4)
  endLine(out + copyLetters(out, units, length))
}

function copyLetters(to: usize, units: usize, length: i32): i32 {
  for (let i = 0; i < length; i++) store<u8>(to + i, <u8>load<u16>(units + (i << 1)))
  return length
}

// @ts-ignore: decorator
@inline
function endLine(at: usize): void {
  store<u16>(at, CRLF)
  advance(at + 2)
}

// @ts-ignore: decorator
@inline
function number(sign: u8, value: i64): void {
  reserve(32)
  store<u8>(out, sign)
  endLine(writeInteger(out + 1, value))
}

export function integer(value: i64): void {
  number(0x3A, value)
}

/** The header of an array; its elements follow. */
export function array(length: i64): void {
  number(0x2A, length)
}

/** A bulk string, copied. */
export function bulk(ptr: usize, len: i32): void {
  number(0x24, len)
  if (len <= SHARED_MIN) {
    reserve(len + 2)
    copyBytes(out, ptr, len)
    endLine(out + len)
  } else {
    putBytes(ptr, len)
    reserve(2)
    endLine(out)
  }
}

/** A part of a Str as a bulk string; a long one is not copied. */
export function bulkPart(str: Str, offset: i32, len: i32): void {
  if (len <= SHARED_MIN) {
    bulk(bytesOf(str) + offset, len)
    return
  }
  number(0x24, len)
  putShared(str, offset, len)
  reserve(2)
  endLine(out)
}

/** A Str as a bulk string. */
// @ts-ignore: decorator
@inline
export function bulkStr(str: Str): void {
  bulkPart(str, 0, str.len)
}

/** A text of at most 1000 characters as a bulk string. */
export function bulkText(text: string): void {
  number(0x24, text.length)
  reserve(3072)
  endLine(out + writeText(out, text))
}

/** A decimal number as a bulk string. */
export function bulkInteger(value: i64): void {
  const digits = memory.data(24)
  bulk(digits, <i32>(writeInteger(digits, value) - digits))
}

let errorStart: usize = 0

/** Starts an error that has parts; `endError` ends it. Together at most 4000 bytes. */
export function beginError(text: string): void {
  reserve(16384)
  errorStart = out
  store<u8>(out, 0x2D)
  advance(out + 1 + writeText(out + 1, text))
}

/** Adds a text to an error. */
export function errorText(text: string): void {
  advance(out + writeText(out, text))
}

/** Adds a client's bytes to an error: up to a NUL, at most `max`. Returns how many. */
export function errorBytes(ptr: usize, len: i32, max: i32): i32 {
  let i = 0
  for (; i < min(len, max) && load<u8>(ptr + i) != 0; i++) store<u8>(out + i, load<u8>(ptr + i))
  advance(out + i)
  return i
}

/** Ends an error. Line ends that a client's bytes brought are cut at its end, and spaces elsewhere. */
export function endError(): void {
  let end = out
  while (isLineEnd(load<u8>(end - 1))) end--
  for (let at = errorStart; at < end; at++) {
    if (isLineEnd(load<u8>(at))) store<u8>(at, 32)
  }
  endLine(end)
}

function isLineEnd(byte: u8): bool {
  return byte == 13 || byte == 10
}
