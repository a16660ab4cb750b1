import { FD, IMM, OPCODES } from '../../wasm/opcodes.ts'
import { hot } from './form.ts'
import type { Instruction } from './form.ts'

const plain = '<u64>$a.u32 + <u64>$i.u32'
const indexed = '<u64><u32>($a.u32 + ($b.u32 << $k)) + <u64>$i.u32'
const access = (address: string, bytes: number, kind: 'READ' | 'WRITE', then: string): string =>
  `const at: u64 = ${address}; CHECK(${bytes}, ${kind}) ${then}`

/** Loads that widen, splat or fill with zeros: each has its name in AssemblyScript, and touches as much as it is aligned to. */
const special: Instruction[] = OPCODES.flatMap((info, opcode) => {
  const isLoad = opcode >= FD && info?.immediate === IMM.memarg && info.results.length > 0
  if (!isLoad || info.name === 'v128.load') return []
  return [hot(info.name, 'dai', access(plain, 1 << info.align, 'READ', `$d.v128 = ${info.name}(AT);`))]
})

export const vectorMemoryInstructions: readonly Instruction[] = [
  hot('v128.load', 'dai', access(plain, 16, 'READ', '$d.v128 = load<v128>(AT);')),
  hot('v128.load_x', 'dabki', access(indexed, 16, 'READ', '$d.v128 = load<v128>(AT);')),
  hot('v128.store', 'abi', access(plain, 16, 'WRITE', 'store<v128>(AT, $b.v128);')),
  ...special,
  hot('v128.const', 'dv', '$d.v128 = $v;'),
]
