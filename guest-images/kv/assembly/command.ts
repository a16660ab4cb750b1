/** The command table: what each command is, and finding one by name. */
import { allocate } from '../../lib/heap'

export namespace Flag {
  export const WRITE: u32 = 1
  export const READONLY: u32 = 2
  export const DENYOOM: u32 = 4
  export const ADMIN: u32 = 8
  export const NOSCRIPT: u32 = 16
  export const LOADING: u32 = 32
  export const STALE: u32 = 64
  export const FAST: u32 = 128
  export const NO_AUTH: u32 = 256
  export const ALLOW_BUSY: u32 = 512
  /** Those of the above, which clients see; the others are categories only. */
  export const SHOWN: u32 = 1023
  export const DANGEROUS: u32 = 1024
  export const KEYSPACE: u32 = 2048
}

export namespace Group {
  export const STRING: u8 = 0
  export const GENERIC: u8 = 1
  export const LIST: u8 = 2
  export const SET: u8 = 3
  export const HASH: u8 = 4
  export const CONNECTION: u8 = 5
  export const SERVER: u8 = 6
}

/** Which arguments are keys. */
export namespace Keys {
  export const NONE: u8 = 0
  export const FIRST: u8 = 1
  export const ALL: u8 = 2
  /** Every second one. */
  export const PAIRS: u8 = 3
  export const TWO: u8 = 4
}

@unmanaged
export class Command {
  /** The name's bytes as two numbers, padded with zeros. */
  low: u64
  high: u64
  handler: u32
  /** How many arguments with the name; negative: at least so many. */
  arity: i32
  flags: u32
  group: u8
  keys: u8
  name: string
  /** What it does with its keys, as COMMAND INFO words it, e.g. `RO access`. */
  keyFlags: string
  /** Hints to clients, separated by spaces. */
  tips: string
  /** A remark on the keys, or nothing. */
  keyNotes: string
}

const COMMANDS_MAX = 128
const SLOTS: u32 = 512
const NAME_MAX: u32 = 16
const slots = memory.data(2048, 4)
const inOrder = memory.data(512, 4)
let defined = 0

/** How many commands there are. */
export function commandCount(): i32 {
  return defined
}

/** The command at an index below `commandCount`, in the order of definition. */
export function commandAt(index: i32): Command {
  return load<Command>(inOrder + (index << 2))
}

/** Defines a command; its name is of at most 16 lower-case letters. */
export function define(
  name: string, arity: i32, flags: u32, group: u8, handler: () => void,
  keys: u8 = Keys.NONE, keyFlags: string = '', tips: string = '', keyNotes: string = ''
): void {
  assert(<u32>name.length <= NAME_MAX && defined < COMMANDS_MAX)
  const command = changetype<Command>(allocate(offsetof<Command>()))
  command.name = name
  command.handler = handler.index
  command.arity = arity
  command.flags = flags
  command.group = group
  command.keys = keys
  command.keyFlags = keyFlags
  command.tips = tips
  command.keyNotes = keyNotes
  command.low = nameWord(name, 0)
  command.high = nameWord(name, 8)
  store<Command>(inOrder + (defined++ << 2), command)
  let slot = slotOf(command.low, command.high)
  while (load<u32>(slots + (slot << 2)) != 0) slot = slot + 1 & SLOTS - 1
  store<Command>(slots + (slot << 2), command)
}

function nameWord(name: string, from: i32): u64 {
  let word: u64 = 0
  for (let i = from; i < min(name.length, from + 8); i++) {
    word |= <u64>load<u16>(changetype<usize>(name) + (i << 1)) << ((i - from) << 3)
  }
  return word
}

// @ts-ignore: decorator
@inline
function slotOf(low: u64, high: u64): u32 {
  return <u32>((low * 0x9E3779B97F4A7C15 ^ high * 0xC2B2AE3D27D4EB4F) >> 55)
}

/** The command of this name in any case, or null. Reads up to 16 bytes from `ptr`, whatever the length. */
export function commandNamed(ptr: usize, len: i32): Command | null {
  if (<u32>(len - 1) >= NAME_MAX) return null
  // Names are letters only, and nothing but letters becomes a lower-case letter by this bit.
  const lowMask = len >= 8 ? <u64>-1 : ((<u64>1 << (len << 3)) - 1)
  const highMask = len > 8 ? <u64>-1 >> ((16 - len) << 3) : 0
  const low = (load<u64>(ptr) | 0x2020202020202020) & lowMask
  const high = (load<u64>(ptr, 8) | 0x2020202020202020) & highMask
  let slot = slotOf(low, high)
  let command = load<Command>(slots + (slot << 2))
  while (changetype<usize>(command) != 0 && (command.low != low || command.high != high)) {
    slot = slot + 1 & SLOTS - 1
    command = load<Command>(slots + (slot << 2))
  }
  return changetype<Command | null>(changetype<usize>(command))
}
