import { MEMORY, MEMORY_BYTES, TABLE, TABLE_BYTES } from '../core/header.ts'
import type { Core } from './core.ts'

export const PAGE_BYTES = 65536
const GROWTH_FAILED = -1

/** Makes a memory of zeros; gives its descriptor's address. */
export function createMemory(core: Core, pages: number, pagesMax: number): number {
  const descriptor = core.allocate(MEMORY_BYTES)
  core.setU32(descriptor + MEMORY.pagesMax, pagesMax)
  placeMemory(core, descriptor, core.allocate(pages * PAGE_BYTES, PAGE_BYTES), pages * PAGE_BYTES)
  return descriptor
}

function placeMemory(core: Core, descriptor: number, base: number, bytes: number): void {
  core.setU32(descriptor + MEMORY.base, base)
  core.view.setBigUint64(descriptor + MEMORY.bytes, BigInt(bytes), true)
}

export const memoryBytes = (core: Core, descriptor: number): number => Number(core.view.getBigUint64(descriptor + MEMORY.bytes, true))

/** The memory's contents, as a view that any growth may detach. */
export function memoryView(core: Core, descriptor: number): Uint8Array {
  const base = core.u32(descriptor + MEMORY.base)
  return core.bytes.subarray(base, base + memoryBytes(core, descriptor))
}

/**
 * `memory.grow`: gives the old size in pages, or -1 past the maximum. Throws `OutOfMemory` if the host can't supply
 * what the maximum allows.
 */
export function growMemory(core: Core, descriptor: number, delta: number): number {
  const bytes = memoryBytes(core, descriptor)
  const pages = bytes / PAGE_BYTES
  if (pages + delta > core.u32(descriptor + MEMORY.pagesMax)) return GROWTH_FAILED
  resizeMemory(core, descriptor, (pages + delta) * PAGE_BYTES)
  return pages
}

/** Makes a memory as long as asked, keeping what fits of it. Moves it if something stands behind it. */
export function resizeMemory(core: Core, descriptor: number, wanted: number): void {
  const base = core.u32(descriptor + MEMORY.base)
  const bytes = memoryBytes(core, descriptor)
  if (core.resize(base, bytes, wanted)) return placeMemory(core, descriptor, base, wanted)
  if (wanted <= bytes) {
    core.release(base + wanted, bytes - wanted)
    return placeMemory(core, descriptor, base, wanted)
  }
  const moved = core.allocate(wanted, PAGE_BYTES)
  core.bytes.copyWithin(moved, base, base + bytes)
  core.release(base, bytes)
  placeMemory(core, descriptor, moved, wanted)
}

/** Makes a table of nulls; gives its descriptor's address. */
export function createTable(core: Core, size: number, max: number): number {
  const descriptor = core.allocate(TABLE_BYTES)
  core.setU32(descriptor + TABLE.max, max)
  core.setU32(descriptor + TABLE.entries, core.allocate(size * 4))
  core.setU32(descriptor + TABLE.size, size)
  core.setU32(descriptor + TABLE.room, size)
  return descriptor
}

export const tableSize = (core: Core, descriptor: number): number => core.u32(descriptor + TABLE.size)

/** Address of a table's entry. */
export const tableEntry = (core: Core, descriptor: number, index: number): number => core.u32(descriptor + TABLE.entries) + index * 4

/** `table.grow`: gives the old size, or -1 past the maximum. Throws `OutOfMemory`. */
export function growTable(core: Core, descriptor: number, delta: number, reference: number): number {
  const size = tableSize(core, descriptor)
  if (size + delta > core.u32(descriptor + TABLE.max)) return GROWTH_FAILED
  resizeTable(core, descriptor, size + delta)
  for (let index = size; index < size + delta; index++) core.setU32(tableEntry(core, descriptor, index), reference)
  return size
}

/** Makes a table as long as asked, keeping its entries; new ones are null or what stood there before. */
export function resizeTable(core: Core, descriptor: number, size: number): void {
  const room = core.u32(descriptor + TABLE.room)
  if (size > room) {
    const entries = core.u32(descriptor + TABLE.entries)
    // Room for as much again, so that growing by one each time does not move it each time.
    const more = Math.min(Math.max(size, room * 2), Math.max(size, core.u32(descriptor + TABLE.max)))
    const moved = core.allocate(more * 4)
    core.bytes.copyWithin(moved, entries, entries + tableSize(core, descriptor) * 4)
    core.release(entries, room * 4)
    core.setU32(descriptor + TABLE.entries, moved)
    core.setU32(descriptor + TABLE.room, more)
  }
  core.setU32(descriptor + TABLE.size, size)
}
