/** CLIENT and its subcommands */
import { arg, argLen } from '../arguments'
import { Connection } from '../connection'
import { error } from '../reply'
import { Str, dropStr, strFrom } from '../str'

/** Names a connection as an argument says; false after an error. */
export function setName(connection: Connection, at: i32): bool {
  const ptr = arg(at)
  const len = argLen(at)
  for (let i = 0; i < len; i++) {
    if (<u32>load<u8>(ptr + i) - 33 <= 126 - 33) continue
    error('ERR Client names cannot contain spaces, newlines or special characters.')
    return false
  }
  connection.name = replaced(connection.name, ptr, len)
  return true
}

/** A copy of the bytes, or null if there are none, in the place of what was there. */
function replaced(before: Str | null, ptr: usize, len: i32): Str | null {
  if (before !== null) dropStr(before)
  return len == 0 ? null : strFrom(ptr, len)
}
