import { HEADER } from '../core/header.ts'
import { FORMS, opcodeOf } from '../instructions/table.ts'
import { countSlots, LINKAGE_SLOTS, sharedSlots } from '../translator/frame-layout.ts'
import { TRAP } from '../../wasm/traps.ts'
import { signature } from '../../wasm/types.ts'
import type { Core } from './core.ts'
import { growMemory, growTable, tableEntry, tableSize } from './memories.ts'
import { initMemory, initTable, Trapped } from './segments.ts'
import type { Instance } from './instance.ts'
import type { Store } from './store.ts'

/** The instruction at hand: `pc` and `fp` as the header has them. */
interface Place {
  readonly store: Store
  readonly core: Core
  readonly pc: number
  readonly fp: number
}

/** Does the instruction and gives the address of the next one. May change `fp` and the memory in the header. */
type Handler = (place: Place) => number

/** Offsets of a form's operands. */
function at(name: string, letter: string): number {
  const field = FORMS[opcodeOf(name)].fields.find(candidate => candidate.letter === letter)
  if (field === undefined) throw new Error(`${name} has no operand ${letter}`)
  return field.offset
}

const read = ({ core, pc, fp }: Place, offset: number): number => core.u32(core.slot(pc, fp, offset))
const result = ({ core, pc, fp }: Place, offset: number, value: number): void =>
  core.view.setBigUint64(core.slot(pc, fp, offset), BigInt(value >>> 0), true)

function instanceAt({ instances }: Store, pc: number): Instance {
  const found = instances.find(({ codeStart, codeEnd }) => pc >= codeStart && pc < codeEnd)
  if (found === undefined) throw new Error(`no instance has code at ${pc}`)
  return found
}

const handlers = new Map<number, Handler>()

function handle(name: string, handler: (place: Place) => void): void {
  const opcode = opcodeOf(name)
  const { length } = FORMS[opcode]
  handlers.set(opcode, place => {
    handler(place)
    return place.pc + length
  })
}

const HOST = { a: at('host', 'a'), i: at('host', 'i') }
handle('host', ({ store, core, pc, fp }) => store.hostFunctions[core.u32(pc + HOST.i)](core, core.slot(pc, fp, HOST.a)))

const GROW = { d: at('memory.grow', 'd'), a: at('memory.grow', 'a'), i: at('memory.grow', 'i') }
handle('memory.grow', place => {
  const delta = read(place, GROW.a)
  result(place, GROW.d, growMemory(place.core, place.core.u32(place.pc + GROW.i), delta))
})

/** Offsets of several operands, by their letters. */
const offsets = (name: string, letters: string): Record<string, number> =>
  Object.fromEntries([...letters].map(letter => [letter, at(name, letter)]))

const TABLE_GROW = offsets('table.grow', 'dabi')
handle('table.grow', place => {
  const { core, pc } = place
  result(place, TABLE_GROW.d, growTable(core, core.u32(pc + TABLE_GROW.i), read(place, TABLE_GROW.b), read(place, TABLE_GROW.a)))
})

/** Three registers and two words: `table.copy`, `table.init` and, with one word, `table.fill` and `memory.init`. */
const ABC = offsets('table.copy', 'abcij')

handle('table.fill', place => {
  const { core, pc } = place
  const [to, reference, count] = [read(place, ABC.a), read(place, ABC.b), read(place, ABC.c)]
  const table = core.u32(pc + ABC.i)
  if (to + count > tableSize(core, table)) throw new Trapped(TRAP.table)
  for (let index = to; index < to + count; index++) core.setU32(tableEntry(core, table, index), reference)
})

handle('table.copy', place => {
  const { core, pc } = place
  const [to, from, count] = [read(place, ABC.a), read(place, ABC.b), read(place, ABC.c)]
  const [target, source] = [core.u32(pc + ABC.i), core.u32(pc + ABC.j)]
  if (to + count > tableSize(core, target) || from + count > tableSize(core, source)) throw new Trapped(TRAP.table)
  const begin = tableEntry(core, source, from)
  core.bytes.copyWithin(tableEntry(core, target, to), begin, begin + count * 4)
})

handle('table.init', place => {
  const { store, core, pc } = place
  const [segment, table] = [core.u32(pc + ABC.i), core.u32(pc + ABC.j)]
  initTable(instanceAt(store, pc), segment, table, read(place, ABC.a), read(place, ABC.b), read(place, ABC.c))
})

handle('memory.init', place => {
  const { store, core, pc } = place
  initMemory(instanceAt(store, pc), core.u32(pc + ABC.i), read(place, ABC.a), read(place, ABC.b), read(place, ABC.c))
})

const DROP = at('data.drop', 'i')
handle('data.drop', ({ store, core, pc }) => { instanceAt(store, pc).droppedData[core.u32(pc + DROP)] = 1 })
handle('elem.drop', ({ store, core, pc }) => { instanceAt(store, pc).droppedElements[core.u32(pc + DROP)] = 1 })

function jumpHandler(name: string, handler: Handler): void {
  handlers.set(opcodeOf(name), handler)
}

const CROSS = at('cross_call', 'i')

/** The stub's frame got the arguments; they are copied behind it, for a frame of the other instance's function. */
jumpHandler('cross_call', ({ store, core, pc, fp }) => {
  const { type, instance, index, descriptor } = store.info(core.u32(pc + CROSS))
  const shared = sharedSlots(type)
  const start = fp - (shared + LINKAGE_SLOTS) * 8
  core.bytes.copyWithin(fp, start, start + countSlots(type.params) * 8)
  const to = fp + (shared + LINKAGE_SLOTS) * 8
  const budget = core.i32(fp - 8) - (shared + LINKAGE_SLOTS) * 8
  // Calls across instances are in no call graph, so that each of them checks.
  if (instance !== undefined && budget < instance.budget.need[index]) throw new Trapped(TRAP.stack)
  core.setU32(to - 16, pc + FORMS[opcodeOf('cross_call')].length)
  core.setU32(to - 12, fp)
  core.setU32(to - 8, budget)
  core.setU32(HEADER.fp, to)
  if (instance !== undefined) core.setU32(HEADER.memory, instance.memory)
  return core.u32(descriptor)
})

jumpHandler('cross_return', ({ store, core, pc, fp }) => {
  const call = pc - FORMS[opcodeOf('cross_call')].length
  const { type } = store.info(core.u32(call + CROSS))
  core.bytes.copyWithin(fp - (sharedSlots(type) + LINKAGE_SLOTS) * 8, fp, fp + countSlots(type.results) * 8)
  core.setU32(HEADER.memory, core.u32(pc + CROSS))
  core.setU32(HEADER.fp, core.u32(fp - 12))
  return core.u32(fp - 16)
})

/** The function at a table entry is not of this instance, or not of this type. */
function calleeFor(place: Place, index: number, table: number, key: number): number {
  const { store, core } = place
  const { descriptor, type } = store.info(core.u32(tableEntry(core, table, index)))
  if (signature(type) !== store.signatureOfKey(key)) throw new Trapped(TRAP.indirectCall)
  return store.stubFor(descriptor, core.u32(HEADER.memory))
}

const INDIRECT = offsets('call_indirect', 'anijw')
jumpHandler('call_indirect', place => {
  const { core, pc, fp } = place
  const callee = calleeFor(place, read(place, INDIRECT.a), core.u32(pc + INDIRECT.i), core.u32(pc + INDIRECT.j))
  const to = fp + core.view.getUint16(pc + INDIRECT.n, true) * 8
  core.setU32(to - 16, pc + FORMS[opcodeOf('call_indirect')].length)
  core.setU32(to - 12, fp)
  core.setU32(to - 8, core.i32(fp - 8) - core.i32(pc + INDIRECT.w))
  core.setU32(HEADER.fp, to)
  return callee
})

const TAIL = offsets('return_call_indirect', 'abcnkij')
jumpHandler('return_call_indirect', place => {
  const { core, pc, fp } = place
  const callee = calleeFor(place, read(place, TAIL.c), core.u32(pc + TAIL.i), core.u32(pc + TAIL.j))
  const linkage = core.bytes.slice(fp - 16, fp)
  const start = core.slot(pc, fp, TAIL.b)
  const from = core.slot(pc, fp, TAIL.a)
  core.bytes.copyWithin(start, from, from + core.view.getUint16(pc + TAIL.k, true) * 8)
  const to = start + core.view.getUint16(pc + TAIL.n, true) * 8
  core.bytes.set(linkage, to - 16)
  core.setU32(HEADER.fp, to)
  return callee
})

const DONE = opcodeOf('done')

/** Does the instruction that the core stopped at. Gives false if it is the end of an entry. Throws `Trapped`. */
export function performOutside(store: Store): boolean {
  const { core } = store
  const pc = core.u32(HEADER.pc)
  const opcode = core.view.getUint16(pc, true) & 0x7fff
  if (opcode === DONE) return false
  const handler = handlers.get(opcode)
  if (handler === undefined) throw new Error(`register instruction ${opcode} is not for the TypeScript side`)
  const fp = core.u32(HEADER.fp)
  core.setU32(HEADER.pc, handler({ store, core, pc, fp }))
  return true
}
