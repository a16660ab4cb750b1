import { quoted, WasmError } from './errors.ts'
import { functionType } from './module.ts'
import type { ExternKind, Import, WasmModule } from './module.ts'
import { F64, I32, sameSignature, signature } from './types.ts'
import type { FuncType } from './types.ts'

/** The one module that guests import from. */
export const GUEST_MODULE = 'ft'

const LETTERS: Readonly<Record<string, number>> = { i: I32, d: F64 }
const type = (text: string): FuncType => {
  const [params, results] = text.split(':').map(part => [...part].map(letter => LETTERS[letter]))
  return { params, results }
}

/** Every host call of ABI `ft` version 1 with its signature, as `guest-images/ABI.md` documents them. */
export const GUEST_IMPORTS: Readonly<Record<string, FuncType>> = {
  net_listen: type('i:i'),
  net_connect: type('iii:i'),
  net_events: type('ii:i'),
  net_recv: type('iii:i'),
  net_send: type('iii:i'),
  net_end: type('i:i'),
  net_close: type('i:i'),
  net_reset: type('i:i'),
  net_peer: type('iii:i'),
  clock_wall: type(':d'),
  clock_monotonic: type(':d'),
  timer_set: type('id:i'),
  timer_cancel: type('i:i'),
  timer_next: type(':i'),
  preempt: type('i:i'),
  entropy: type('ii:i'),
  console_write: type('ii:i'),
  console_read: type('ii:i'),
  args: type('ii:i'),
  power_off: type('i:'),
}

/** What a guest must export besides `memory`. */
export const GUEST_EXPORTS: Readonly<Record<string, FuncType>> = {
  ft_start: type(':'),
  ft_interrupt: type('i:'),
}

/** Prefix of export names that the engines keep for themselves. */
export const RESERVED_PREFIX = 'ft:'

function fail(offset: number, found: string, expected: string): never {
  throw new WasmError({ offset, found, expected })
}

/** Checks a validated module against ABI `ft`: imports, exports and their signatures. Throws `WasmError`, naming the culprit. */
export function checkGuestAbi(module: WasmModule): void {
  for (const entry of module.imports) checkImport(module, entry)
  const memory = needExport(module, 'memory', 'memory')
  if (memory.index !== 0) fail(memory.offset, `export "memory" of memory ${memory.index}`, 'memory 0')
  for (const name of Object.keys(GUEST_EXPORTS)) {
    const { index, offset } = needExport(module, name, 'function')
    const found = functionType(module, index)
    if (!sameSignature(found, GUEST_EXPORTS[name])) {
      fail(offset, `export "${name}" with signature ${signature(found)}`, signature(GUEST_EXPORTS[name]))
    }
  }
  for (const { name, offset } of module.exports) {
    if (name.startsWith(RESERVED_PREFIX)) {
      fail(offset, `export ${quoted(name)}`, `no export whose name begins with "${RESERVED_PREFIX}" (reserved)`)
    }
  }
}

function checkImport(module: WasmModule, { module: from, name, kind, index, offset }: Import): void {
  const full = `import ${quoted(`${from}.${name}`)}`
  if (from !== GUEST_MODULE) fail(offset, full, `imports from the module "${GUEST_MODULE}" only`)
  if (kind !== 'function') fail(offset, `${full} of a ${kind}`, `a function: a guest has its own ${kind}`)
  if (name.startsWith('disk_')) fail(offset, full, 'no disk calls: they are reserved for a later version of the ABI')
  const expected = Object.hasOwn(GUEST_IMPORTS, name) ? GUEST_IMPORTS[name] : undefined
  if (expected === undefined) fail(offset, full, `one of ${Object.keys(GUEST_IMPORTS).join(', ')}`)
  const found = functionType(module, index)
  if (!sameSignature(found, expected)) fail(offset, `${full} with signature ${signature(found)}`, signature(expected))
}

function needExport(module: WasmModule, name: string, kind: ExternKind): { index: number, offset: number } {
  const found = module.exports.find(entry => entry.name === name)
  const wanted = kind === 'memory'
    ? 'an exported memory "memory"'
    : `an exported function "${name}" ${signature(GUEST_EXPORTS[name])}`
  if (found === undefined) fail(module.bytes.length, `no export "${name}"`, wanted)
  if (found.kind !== kind) fail(found.offset, `export "${name}" of a ${found.kind}`, wanted)
  return found
}
