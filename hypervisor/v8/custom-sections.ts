import { functionType } from '../wasm/module.ts'
import { ByteReader } from '../wasm/reader.ts'
import { ByteWriter } from '../wasm/writer.ts'
import { HOOKS, movedFunction } from './layout.ts'
import type { Layout } from './layout.ts'

/** Sections that speak of code offsets or of linking, which no longer hold. */
const STALE = /^(\.debug_|reloc\.|linking$|dylink|metadata\.code\.|build_id$)/

/** Appends the guest's custom sections: names fitted to the rewritten module, others as they are, but for those that went stale. */
export function customSections(layout: Layout, out: ByteWriter): void {
  const { bytes, sections } = layout.module
  for (const { id, name, start, end, contents } of sections) {
    if (id !== 0 || STALE.test(name)) continue
    if (name !== 'name') out.raw(bytes.subarray(start, end))
    else nameSection(layout, new ByteReader(bytes, contents, end), out)
  }
}

const SUBSECTION = { module: 0, functions: 1, locals: 2, labels: 3 }

/** Names that are malformed are no fault of the module's (specification, appendix): they are left out. */
function nameSection(layout: Layout, source: ByteReader, out: ByteWriter): void {
  const names = new ByteWriter().name('name')
  try {
    while (source.offset < source.end) {
      const id = source.u8('a subsection')
      const contents = source.sub(source.u32('a length'), 'names')
      if (id === SUBSECTION.module) names.section(id, new ByteWriter().name(oneLine(contents.name('the module name'))))
      else if (id === SUBSECTION.functions) names.section(id, functionNames(layout, contents))
      else if (id === SUBSECTION.locals) names.section(id, localNames(layout, contents))
      else if (id !== SUBSECTION.labels) names.u8(id).sized(contents.bytes.subarray(contents.offset, contents.end))
    }
  } catch {
    return
  }
  out.section(0, names)
}

/** A line break would let a name look like a line of a stack trace (see `trap-offset.ts`). */
const oneLine = (name: string): string => name.replace(/[\n\r\u2028\u2029]/g, ' ')

function functionNames(layout: Layout, source: ByteReader): ByteWriter {
  const names = new Map<number, string>()
  const wrappers: [number, string][] = []
  for (let count = source.count('names'); count > 0; count--) {
    const index = source.u32('a function index')
    const name = oneLine(source.name('a function name'))
    names.set(movedFunction(layout, index), name)
    const wrapper = layout.wrappers.get(index)
    if (wrapper !== undefined) wrappers.push([wrapper, `${name} (entry)`])
  }
  HOOKS.forEach(hook => names.set(layout.hook[hook], `ft:${hook}`))
  for (const [index, name] of wrappers) names.set(index, name)
  const sorted = [...names].sort(([a], [b]) => a - b)
  const out = new ByteWriter().u32(sorted.length)
  for (const [index, name] of sorted) out.u32(index).name(name)
  return out
}

function localNames(layout: Layout, source: ByteReader): ByteWriter {
  const { counts, bounded, threaded } = layout.conventions
  const functions = source.count('functions')
  const out = new ByteWriter().u32(functions)
  for (let i = 0; i < functions; i++) {
    const index = source.u32('a function index')
    const parameters = functionType(layout.module, index).params.length
    const shift = threaded[index] === 1 ? counts[index] + bounded[index] : 0
    const count = source.count('locals')
    out.u32(movedFunction(layout, index)).u32(count)
    for (let k = 0; k < count; k++) {
      const local = source.u32('a local index')
      out.u32(local < parameters ? local : local + shift).name(source.name('a local name'))
    }
  }
  return out
}
