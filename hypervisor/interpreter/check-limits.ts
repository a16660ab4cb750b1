import { WasmError } from '../wasm/errors.ts'
import { TABLE_ENTRIES_MAX } from '../wasm/limits.ts'
import type { WasmModule } from '../wasm/module.ts'

/** Checks that a module's own memory and tables fit the machine. Throws `WasmError`. */
export function checkLimits(module: WasmModule, memoryPagesMax: number): void {
  const sectionAt = (id: number): number => module.sections.find(section => section.id === id)?.start ?? 0
  for (const { min } of module.tables.slice(module.importedTables)) {
    if (min <= TABLE_ENTRIES_MAX) continue
    const found = `a table of at least ${min} entries`
    throw new WasmError({ offset: sectionAt(4), found, expected: `at most ${TABLE_ENTRIES_MAX}` })
  }
  const memory = module.memories[module.importedMemories]
  if (memory === undefined || memory.min <= memoryPagesMax) return
  throw new WasmError({
    offset: sectionAt(5), found: `a memory of at least ${memory.min} pages of 64 KiB`,
    expected: `at most ${memoryPagesMax}, the machine's memory limit (--memory-max)`,
  })
}
