import * as ft from './ft'
import { allocate } from './heap'

let text: usize = 0
let bytes = -1

function fetch(): void {
  if (bytes >= 0) return
  bytes = ft.args(0, 0)
  text = allocate(bytes + 1)
  ft.args(text, bytes)
}

/** The start of the argument's bytes; valid for as long as the machine runs. `at` is 0 to `count() - 1`. */
export function pointer(at: i32): usize {
  fetch()
  let ptr = text
  for (const end = text + bytes; at > 0 && ptr < end; ptr++) {
    if (load<u8>(ptr) == 0) at--
  }
  return ptr
}

/** The argument's length in bytes. */
export function length(at: i32): i32 {
  const start = pointer(at)
  let ptr = start
  while (ptr < text + bytes && load<u8>(ptr) != 0) ptr++
  return <i32>(ptr - start)
}

/** How many arguments the machine was started with. */
export function count(): i32 {
  fetch()
  let found = 0
  for (let i = 0; i < bytes; i++) {
    if (load<u8>(text + i) == 0) found++
  }
  return found
}
