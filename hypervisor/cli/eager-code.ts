/** A replica's code is compiled when it is loaded: some of it first runs at a failover, which clients wait for. */
import { setFlagsFromString } from 'node:v8'

/** Loads modules with all their functions compiled. */
export async function loadEagerly<T>(load: () => Promise<T>): Promise<T> {
  setFlagsFromString('--no-lazy')
  // Nor is it to be thrown away because it has not run for long.
  setFlagsFromString('--no-flush-bytecode')
  return await load()
}
