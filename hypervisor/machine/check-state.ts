import type { EngineState } from './engine-state.ts'
import { pageBytes } from './memory-copy.ts'
import { FUNCREF, isReference } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'
import { wordsOf } from './state-shape.ts'
import type { StateShape } from './state-shape.ts'

/**
 * Checks that a state is one of the module that `shape` describes; `current` reads a table of an instance of it. Throws one
 * line: what, and what it should be.
 */
export function checkState(state: EngineState, shape: StateShape, current: (table: number) => Uint32Array): void {
  if (state.frames !== undefined) {
    refuse('guest frames in the state', 'a state taken between events: only the interpreter restores frames')
  }
  if (!Number.isSafeInteger(state.ticks) || state.ticks < 0) refuse(`${state.ticks} ticks`, 'an integer from 0 to 2^53 - 1')
  checkMemory(state.memory.length, shape)
  same('global words', state.globals.length, shape.globalWords)
  same('tables', state.tables.length, shape.tables.length)
  const references = new Set(shape.references.map(index => index + 1)).add(0)
  checkGlobals(state.globals, shape, references)
  state.tables.forEach((entries, table) => {
    if (shape.tables[table].mutable) checkTable(entries, table, shape, references)
    else if (!sameWords(entries, current(table))) refuse(`other entries in table ${table}`, 'those of the image')
  })
  checkDropped('data', state.droppedData, shape.droppedData, shape.changes.data)
  checkDropped('element', state.droppedElements, shape.droppedElements, shape.changes.elements)
}

function refuse(found: string, expected: string): never {
  throw new Error(`the state does not fit the image: found ${found}, expected ${expected}`)
}

function same(what: string, found: number, expected: number): void {
  if (found !== expected) refuse(`${found} ${what}`, `${expected}`)
}

/** Throws one line if the image can't have a memory of `bytes` bytes. */
export function checkMemory(bytes: number, { memoryPagesMin: min, memoryPagesMax: max }: StateShape): void {
  const pages = bytes / pageBytes
  if (!Number.isInteger(pages) || pages < min || pages > max) {
    refuse(`${bytes} bytes of memory`, `${min} to ${max} pages of 64 KiB`)
  }
}

function checkGlobals(words: Uint32Array, { globals }: StateShape, references: ReadonlySet<number>): void {
  let at = 0
  for (const type of globals) {
    if (isReference(type)) checkReference(words[at], type, references, `word ${at} of the globals`)
    at += wordsOf(type)
  }
}

function checkTable(entries: Uint32Array, table: number, { tables }: StateShape, references: ReadonlySet<number>): void {
  const { type, min, max } = tables[table]
  if (entries.length < min || entries.length > max) refuse(`${entries.length} entries in table ${table}`, `${min} to ${max}`)
  for (const entry of entries) checkReference(entry, type, references, `table ${table}`)
}

function checkReference(word: number, type: ValType, references: ReadonlySet<number>, where: string): void {
  if (type !== FUNCREF && word !== 0) refuse(`${word} in ${where}`, '0, as no guest can have an externref')
  if (!references.has(word)) refuse(`${word} in ${where}`, '0 or the index + 1 of a function that can stand there')
}

const sameWords = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((word, i) => word === b[i])

/** `code` lists the segments that code drops; all others are as at the start. */
function checkDropped(what: string, found: Uint8Array, start: Uint8Array, code: readonly number[]): void {
  same(`${what} segments`, found.length, start.length)
  found.forEach((flag, i) => {
    const kept = flag === start[i] || (flag === 1 && code.includes(i))
    if (!kept) refuse(`${what} segment ${i} marked ${flag}`, `${start[i]}, as no code drops it`)
  })
}
