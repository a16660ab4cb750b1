import { opcodeOf } from '../instructions/table.ts'
import { functionType } from '../../wasm/module.ts'
import { STACK_BYTES_MAX } from '../../wasm/stack-budget.ts'
import { firstParameter, LINKAGE_SLOTS, sharedSlots } from './frame-layout.ts'
import { CodeWriter } from './code-writer.ts'
import { InstructionList } from './instruction-list.ts'
import type { ModuleSites } from './module-sites.ts'
import { translateFunction } from './translate-function.ts'

const EMIT = {
  host: opcodeOf('host'), return: opcodeOf('return'), crossCall: opcodeOf('cross_call'), crossReturn: opcodeOf('cross_return'),
  callOuter: opcodeOf('call_outer'), done: opcodeOf('done'),
}

/** A translated module: code that lies at the address asked for, and how to find things in it. */
export interface TranslatedModule {
  readonly bytes: Uint8Array
  /** By function index: where its code begins; an import's is what calls it. */
  readonly functions: readonly number[]
  /** Where the last function's code ends and that of the entries begins. */
  readonly codeEnd: number
  /** By function index, for exported functions and the start function: code that calls it from outside and then stops. */
  readonly entries: ReadonlyMap<number, number>
  /** The same for `ft_start`, if there is one: the module's start function runs at its head. */
  readonly boot: number | undefined
  /** By instruction, in order of addresses: its address, and the offset in the module that it was made for (0 for none). */
  readonly addresses: Uint32Array
  readonly sources: Uint32Array
}

/** Translates every function of a validated module for code that will lie from address `base` on. Pure. */
export function translateModule(sites: ModuleSites, base: number): TranslatedModule {
  const { module } = sites
  const out = new CodeWriter(base)
  const functions: number[] = []
  for (let index = 0; index < module.functions.length; index++) {
    functions.push(out.address)
    if (index < module.importedFunctions) importStub(sites, index).write(out)
    else translateFunction(sites, index, out)
  }
  const codeEnd = out.address
  const entries = new Map<number, number>()
  const entry = (...indices: number[]): number => {
    const { address } = out
    entryStub(sites, indices).write(out)
    return address
  }
  const called = module.exports.filter(({ kind }) => kind === 'function').map(({ index }) => index)
  if (module.start !== undefined) called.push(module.start)
  for (const index of new Set(called)) entries.set(index, entry(index))
  const boot = module.exports.find(({ kind, name }) => kind === 'function' && name === 'ft_start')
  const start = boot === undefined ? undefined : module.start === undefined ? entry(boot.index) : entry(module.start, boot.index)
  out.resolveCalls(index => functions[index])
  return {
    bytes: out.bytes(), functions, codeEnd, entries, boot: start,
    addresses: Uint32Array.from(out.addresses), sources: Uint32Array.from(out.sources),
  }
}

/** What stands for an imported function where it is called like one of the module's own. */
function importStub({ module, importedFunctions, memory }: ModuleSites, index: number): InstructionList {
  const list = new InstructionList()
  const imported = importedFunctions[index]
  if (imported.kind === 'host') {
    const host = list.emit(EMIT.host)
    host.a = firstParameter(functionType(module, index))
    host.i = imported.number
    list.emit(EMIT.return)
  } else {
    list.emit(EMIT.crossCall).i = imported.descriptor
    list.emit(EMIT.crossReturn).i = memory
  }
  return list
}

/** Calls functions one after the other, each with the whole stack budget. Arguments and results lie from register 0 on. */
function entryStub({ module }: ModuleSites, indices: readonly number[]): InstructionList {
  const list = new InstructionList()
  for (const index of indices) {
    const call = list.emit(EMIT.callOuter)
    call.n = sharedSlots(functionType(module, index)) + LINKAGE_SLOTS
    call.t = index
    call.calls = 0
    call.i = STACK_BYTES_MAX
  }
  list.emit(EMIT.done)
  return list
}
