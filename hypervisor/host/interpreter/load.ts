/** Loads the interpreter's compiled execution core: the way in for whoever wants an interpreter. */
import { readFileSync } from 'node:fs'
import { interpreterFor } from '../../interpreter/engine.ts'
import type { CreateInterpreter } from '../../interpreter/engine.ts'
import { corePath } from './core-path.ts'

let compiled: WebAssembly.Module | undefined

/** The compiled core, from the file that `npm run build` makes. Throws an error of one line if it is not there. */
export function loadCore(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(coreBytes())
  return compiled
}

function coreBytes(): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(corePath))
  } catch (error) {
    throw new Error(`the interpreter's core is not built (no ${corePath}): run npm run build`, { cause: error })
  }
}

/** See `interpreterFor`. */
export const createInterpreter: CreateInterpreter = (...args) => interpreterFor(loadCore())(...args)
