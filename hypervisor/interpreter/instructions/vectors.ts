import { hot } from './form.ts'
import type { Instruction } from './form.ts'

/** A vector lies in two slots, and is loaded and stored as a whole: `$a.v128`, `$d.v128 = …;`. */
const load = '<u64>$a.u32 + <u64>$i.u32'

export const vectorInstructions: readonly Instruction[] = [
  hot('v128.load', 'dai', `const at: u64 = ${load}; CHECK(16, READ) $d.v128 = load<v128>(AT);`),
  hot('v128.store', 'abi', `const at: u64 = ${load}; CHECK(16, WRITE) store<v128>(AT, $b.v128);`),
]
