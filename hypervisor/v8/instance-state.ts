import type { EngineState } from '../machine/engine-state.ts'
import { clear, copyMemory, pageBytes } from '../machine/memory-copy.ts'
import { FUNCREF } from '../wasm/types.ts'
import { ADDED } from './layout.ts'
import { wordsOf } from '../machine/state-shape.ts'
import type { StateShape } from '../machine/state-shape.ts'
import type { Reference, WasmExports, WasmFunction, WasmGlobal, WasmMemory } from './wasm-js.ts'

/** Reads and writes the state of one instance, through the functions that `state-functions.ts` added to it. */
export class InstanceState {
  private readonly shape: StateShape
  private readonly exports: WasmExports
  private readonly words: WasmFunction[] = []
  /** From a reference to its word, and from a word to its place in the added table of references; made on first use. */
  private known: Map<Reference, number> | undefined
  private position: Map<number, number> | undefined

  constructor(shape: StateShape, exports: WasmExports) {
    this.shape = shape
    this.exports = exports
    for (let i = 0; i < shape.globalWords; i++) this.words.push(this.call(ADDED.word, i))
  }

  /** As `EngineState.globals`. */
  globals(): Uint32Array {
    const { words } = this
    const bits = new Uint32Array(words.length)
    for (let i = 0; i < words.length; i++) {
      const word = words[i]()
      bits[i] = typeof word === 'number' ? word : this.indexOf(word as Reference)
    }
    return bits
  }

  /** As an item of `EngineState.tables`. */
  table(table: number): Uint32Array {
    const entries = new Uint32Array(this.call(ADDED.tableSize, table)() as number)
    if (this.shape.tables[table].type !== FUNCREF) return entries
    const get = this.call(ADDED.tableGet, table)
    for (let i = 0; i < entries.length; i++) entries[i] = this.indexOf(get(i) as Reference)
    return entries
  }

  /** As `Engine.tables`. */
  changeableTables(): Uint32Array {
    const { tables } = this.shape.changes
    if (tables.length === 0) return NONE
    const parts = tables.map(table => this.table(table))
    const all = new Uint32Array(parts.reduce((sum, { length }) => sum + 1 + length, 0))
    let at = 0
    for (const part of parts) {
      all[at] = part.length
      all.set(part, at + 1)
      at += 1 + part.length
    }
    return all
  }

  take(ticks: number, memory: Uint8Array, room: Uint8Array | undefined): EngineState {
    const { tables, changes, droppedData, droppedElements } = this.shape
    const flag = (i: number): number => (this.exports[ADDED.dropped + i] as WasmGlobal).value
    const data = droppedData.slice()
    const elements = droppedElements.slice()
    changes.data.forEach((segment, i) => { data[segment] |= flag(i) })
    changes.elements.forEach((segment, i) => { elements[segment] |= flag(changes.data.length + i) })
    return {
      ticks, globals: this.globals(), tables: tables.map((_, table) => this.table(table)),
      droppedData: data, droppedElements: elements, memory: copyMemory(memory, room),
    }
  }

  /** Writes a state that `checkState` let pass into this instance, which has run no code yet. */
  put(state: EngineState, memory: WasmMemory): void {
    if (state.memory.buffer !== memory.buffer) copyMemory(state.memory, this.grown(state.memory.length, memory))
    this.putGlobals(state.globals)
    state.tables.forEach((entries, table) => this.putTable(table, entries))
    const { changes, droppedData, droppedElements } = this.shape
    const drop = (i: number, to: number, from: number): void => { if (to !== from) this.call(ADDED.drop, i)() }
    changes.data.forEach((segment, i) => drop(i, state.droppedData[segment], droppedData[segment]))
    changes.elements.forEach((segment, i) => {
      drop(changes.data.length + i, state.droppedElements[segment], droppedElements[segment])
    })
  }

  /** Zeroes of the instance's own memory, grown to `bytes`. */
  roomOf(bytes: number, memory: WasmMemory): Uint8Array {
    const began = memory.buffer.byteLength
    const room = this.grown(bytes, memory)
    clear(room.subarray(0, began))
    return room
  }

  private grown(bytes: number, memory: WasmMemory): Uint8Array {
    const missing = (bytes - memory.buffer.byteLength) / pageBytes
    if (missing > 0) memory.grow(missing)
    return new Uint8Array(memory.buffer)
  }

  private call(name: string, index: number): WasmFunction {
    return this.exports[`${name}${index}`] as WasmFunction
  }

  private reference(k: number): Reference {
    return (this.exports[ADDED.reference] as WasmFunction)(k) as Reference
  }

  /** A reference as a word of the state. */
  private indexOf(reference: Reference): number {
    if (reference === null) return 0
    this.known ??= new Map(this.shape.references.map((index, k) => [this.reference(k), index + 1]))
    const index = this.known.get(reference)
    if (index === undefined) throw new Error('a reference to a function that the module never takes the address of')
    return index
  }

  /** A word of the state as a reference. */
  private referenceOf(word: number): Reference {
    if (word === 0) return null
    this.position ??= new Map(this.shape.references.map((index, k) => [index + 1, k]))
    return this.reference(this.position.get(word) as number)
  }

  private putTable(table: number, entries: Uint32Array): void {
    const missing = entries.length - (this.call(ADDED.tableSize, table)() as number)
    if (missing > 0) this.call(ADDED.tableGrow, table)(missing)
    if (this.shape.tables[table].type !== FUNCREF) return
    const set = this.call(ADDED.tableSet, table)
    entries.forEach((word, i) => set(i, this.referenceOf(word)))
  }

  private putGlobals(words: Uint32Array): void {
    let at = 0
    this.shape.globals.forEach((type, i) => {
      const own = words.subarray(at, at += wordsOf(type))
      this.call(ADDED.write, i)(...(type === FUNCREF ? [this.referenceOf(own[0])] : own))
    })
  }
}

const NONE = new Uint32Array(0)
