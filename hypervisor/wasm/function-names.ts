import type { WasmModule } from './module.ts'
import { ByteReader } from './reader.ts'

const FUNCTIONS = 1

/** Names of functions by index, from the name section. Empty if there is none, or as far as it is well-formed. */
export function functionNames({ bytes, sections }: WasmModule): Map<number, string> {
  const names = new Map<number, string>()
  const section = sections.find(({ id, name }) => id === 0 && name === 'name')
  if (section === undefined) return names
  const source = new ByteReader(bytes, section.contents, section.end)
  try {
    while (source.offset < source.end) {
      const id = source.u8('a subsection')
      const contents = source.sub(source.u32('a length'), 'names')
      if (id !== FUNCTIONS) continue
      for (let count = contents.count('names'); count > 0; count--) {
        names.set(contents.u32('a function index'), contents.name('a function name'))
      }
    }
  } catch {
    // Malformed names are no fault of the module's (specification, appendix).
  }
  return names
}
