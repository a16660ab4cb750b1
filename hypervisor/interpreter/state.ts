import type { EngineState } from '../machine/engine-state.ts'
import { copyMemory } from '../machine/memory-copy.ts'
import { isReference } from '../wasm/types.ts'
import { wordsOf } from '../machine/state-shape.ts'
import type { StateShape } from '../machine/state-shape.ts'
import type { Core } from './runtime/core.ts'
import type { Instance } from './runtime/instance.ts'
import { memoryView, resizeMemory, resizeTable, tableEntry, tableSize } from './runtime/memories.ts'

/** Reads and writes a guest's state, all but ticks and frames, in the engines' common form. */
export class GuestState {
  private readonly instance: Instance
  private readonly shape: StateShape

  constructor(instance: Instance, shape: StateShape) {
    this.instance = instance
    this.shape = shape
  }

  private get core(): Core {
    return this.instance.store.core
  }

  /** As `EngineState.globals`. */
  globals(): Uint32Array {
    const words = new Uint32Array(this.shape.globalWords)
    let to = 0
    this.eachGlobal((type, at) => {
      if (isReference(type)) words[to++] = this.wordOf(this.core.u32(at))
      else for (let i = 0; i < wordsOf(type); i++) words[to++] = this.core.u32(at + i * 4)
    })
    return words
  }

  /** As an item of `EngineState.tables`. */
  table(table: number): Uint32Array {
    const { core, instance } = this
    const descriptor = instance.tables[table]
    return Uint32Array.from({ length: tableSize(core, descriptor) }, (_, i) => this.wordOf(core.u32(tableEntry(core, descriptor, i))))
  }

  /** As `Engine.tables`. */
  changeableTables(): Uint32Array {
    return Uint32Array.from(this.shape.changes.tables.flatMap(index => {
      const entries = this.table(index)
      return [entries.length, ...entries]
    }))
  }

  take(ticks: number, room: Uint8Array | undefined): EngineState {
    const { instance, core } = this
    return {
      ticks, globals: this.globals(), tables: instance.tables.map((_, table) => this.table(table)),
      droppedData: instance.droppedData.slice(), droppedElements: instance.droppedElements.slice(),
      memory: copyMemory(memoryView(core, instance.memory), room),
    }
  }

  /** Writes a state that `checkState` let pass. */
  put({ globals, tables, droppedData, droppedElements, memory }: EngineState): void {
    const { instance, core } = this
    let from = 0
    this.eachGlobal((type, at) => {
      if (isReference(type)) core.setU32(at, this.referenceOf(globals[from++]))
      else for (let i = 0; i < wordsOf(type); i++) core.setU32(at + i * 4, globals[from++])
    })
    tables.forEach((entries, table) => {
      const descriptor = instance.tables[table]
      resizeTable(core, descriptor, entries.length)
      entries.forEach((word, i) => core.setU32(tableEntry(core, descriptor, i), this.referenceOf(word)))
    })
    instance.droppedData.set(droppedData)
    instance.droppedElements.set(droppedElements)
    resizeMemory(core, instance.memory, memory.length)
    memoryView(core, instance.memory).set(memory)
  }

  private eachGlobal(visit: (type: number, at: number) => void): void {
    this.instance.module.globals.forEach(({ type, mutable }, index) => {
      if (mutable) visit(type, this.instance.globals[index])
    })
  }

  private wordOf(reference: number): number {
    return reference === 0 ? 0 : this.instance.store.info(reference).index + 1
  }

  private referenceOf(word: number): number {
    return word === 0 ? 0 : this.instance.functions[word - 1]
  }
}
