import { fileURLToPath } from 'node:url'

/** A guest that comes with the project. */
export interface BuiltinGuest {
  readonly name: string
  /** Where its module is once built. */
  readonly path: string
  /** The guest port that its service listens on; undefined when its arguments say so. */
  readonly port: number | undefined
  readonly description: string
}

const guests: readonly BuiltinGuest[] = [
  guest('kv', 6379, 'key/value server that stock Redis clients talk to (RESP2)'),
  guest('echo', 7, 'TCP echo'),
  guest('busy', 7777, 'long computations on request, with a preemptive timer counting beside them'),
  guest('ballast', 7070, 'a memory full of changing data, for measuring; argument: MiB (64)'),
  guest('proxy', undefined, 'TCP proxy; arguments: PORT HOST:PORT')
]

function guest(name: string, port: number | undefined, description: string): BuiltinGuest {
  return { name, path: fileURLToPath(new URL(`./build/${name}.wasm`, import.meta.url)), port, description }
}

/** Every built-in guest, in the order to list them. */
export function builtinGuests(): readonly BuiltinGuest[] {
  return guests
}

/** The built-in guest of this name, if there is one. */
export function builtinGuest(name: string): BuiltinGuest | undefined {
  return guests.find(each => each.name === name)
}
