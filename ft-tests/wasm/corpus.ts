import { readFileSync } from 'node:fs'
import { openSpecSuite } from './spec-suite.ts'

const GUESTS = ['busy', 'echo', 'proxy', 'kv']

/** A guest as it is built. */
export const guestModule = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../guest-images/build/${name}.wasm`, import.meta.url)))

/** Real modules to damage: the guests, and the valid modules of the specification's suite where it is there. */
export function realModules(): Uint8Array[] {
  const suite = openSpecSuite()
  const modules = (suite?.scripts ?? []).flatMap(({ commands, module }) => commands
    .filter(({ type, module_type: form }) => type === 'module' && form !== 'text')
    .map(({ filename }) => module(filename as string)))
  suite?.remove()
  return [...GUESTS.map(guestModule), ...modules]
}
