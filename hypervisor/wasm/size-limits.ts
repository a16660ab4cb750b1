import { WasmError } from './errors.ts'
import { TABLE_ENTRIES_MAX } from './limits.ts'
import type { WasmModule } from './module.ts'

/** Most entries that each table may have. */
export const tableMax = (module: WasmModule): number[] =>
  module.tables.map(({ max }) => Math.min(max ?? TABLE_ENTRIES_MAX, TABLE_ENTRIES_MAX))

/** Most pages that the module's own memory may have. Throws `WasmError` if it begins with more. */
export function memoryMax(module: WasmModule, cap: number): number {
  const offset = module.sections.find(section => section.id === 5)?.start ?? 0
  const tableOffset = module.sections.find(section => section.id === 4)?.start ?? 0
  for (const { min } of module.tables.slice(module.importedTables)) {
    if (min > TABLE_ENTRIES_MAX) {
      const found = `a table of at least ${min} entries`
      throw new WasmError({ offset: tableOffset, found, expected: `at most ${TABLE_ENTRIES_MAX}` })
    }
  }
  const memory = module.memories[module.importedMemories]
  if (memory === undefined) return 0
  if (memory.min > cap) {
    throw new WasmError({
      offset, found: `a memory of at least ${memory.min} pages of 64 KiB`,
      expected: `at most ${cap}, the machine's memory limit (--memory-max)`,
    })
  }
  return Math.min(memory.max ?? cap, cap)
}
