import { IMM, OPCODES } from '../../hypervisor/wasm/opcodes.ts'
import { GUEST_EXPORTS } from '../../hypervisor/wasm/guest-abi.ts'
import { allCode, moveFunctions, namesFunction } from './ir/ir.ts'
import type { IrModule } from './ir/ir.ts'

/** Drops what nothing names: exports that a guest need not have, functions, globals, types. Changes the module. */
export function withoutUnused(module: IrModule): void {
  module.exports = module.exports.filter(({ name }) => name === 'memory' || Object.hasOwn(GUEST_EXPORTS, name))
  dropFunctions(module)
  dropGlobals(module)
  dropTypes(module)
}

function dropFunctions(module: IrModule): void {
  const used = new Set<number>(module.exports.flatMap(({ kind, index }) => (kind === 'function' ? [index] : [])))
  if (module.start !== undefined) used.add(module.start)
  for (const code of allCode(module)) for (const step of code) if (namesFunction(step.op)) used.add(step.a)
  const count = module.imports.length + module.functions.length
  const kept = Array.from({ length: count }, (_, i) => i).filter(i => used.has(i))
  const imports = module.imports.length
  // Code of functions that go may name others: they go in the next round.
  module.functions = module.functions.filter((_, i) => used.has(imports + i))
  module.imports = module.imports.filter((_, i) => used.has(i))
  moveFunctions(module, index => Math.max(kept.indexOf(index), 0))
}

function dropGlobals(module: IrModule): void {
  const isGlobal = (op: number): boolean => OPCODES[op]?.immediate === IMM.global
  const used = new Set<number>(module.exports.flatMap(({ kind, index }) => (kind === 'global' ? [index] : [])))
  for (const code of allCode(module)) for (const { op, a } of code) if (isGlobal(op)) used.add(a)
  const kept = [...module.globals.keys()].filter(i => used.has(i))
  for (const code of allCode(module)) for (const step of code) if (isGlobal(step.op)) step.a = kept.indexOf(step.a)
  module.globals = kept.map(i => module.globals[i])
}

function dropTypes(module: IrModule): void {
  const calls = (op: number): boolean => OPCODES[op]?.immediate === IMM.callIndirect
  const used = new Set<number>([...module.imports, ...module.functions].map(({ type }) => type))
  for (const code of allCode(module)) {
    for (const { op, a, blockType } of code) {
      if (calls(op)) used.add(a)
      if (blockType >= 0) used.add(blockType)
    }
  }
  const kept = [...module.types.keys()].filter(i => used.has(i))
  for (const entry of [...module.imports, ...module.functions]) entry.type = kept.indexOf(entry.type)
  for (const code of allCode(module)) {
    for (const step of code) {
      if (calls(step.op)) step.a = kept.indexOf(step.a)
      if (step.blockType >= 0) step.blockType = kept.indexOf(step.blockType)
    }
  }
  module.types = kept.map(i => module.types[i])
}
