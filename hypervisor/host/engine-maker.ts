/** Makes the engine that a replica was told to run its guest on, and tells what that took. */
import { setFlagsFromString } from 'node:v8'
import type { CreateInterpreter } from '../interpreter/engine.ts'
import type { Engine, EngineLimits, HostCalls } from '../machine/engine.ts'
import { startV8 } from '../v8/engine.ts'
import { V8_STACK_FLAGS } from '../v8/stack-flags.ts'
import { type CacheUse, prepareCached } from './code-cache.ts'
import type { EngineName } from './engine-names.ts'

/** For the replica's first log record. Times in milliseconds. */
export type EngineMade = {
  readonly engine: EngineName
  readonly imageBytes: number
  /** Code as V8 gets it; the image itself for the interpreter, which translates it as a part of its start. */
  readonly codeBytes: number
  /** Validating and rewriting, or reading that from the cache. */
  readonly prepareMs: number
  readonly startMs: number
  readonly cache: CacheUse
}

export type EngineOrder = {
  readonly image: Uint8Array
  readonly limits: EngineLimits
  /** See `prepareCached`. */
  readonly cacheDirectory: string | undefined
}

type Made = { readonly engine: Engine; readonly made: EngineMade }

/** @throws WasmError for a bad image */
export type MakeEngine = (order: EngineOrder, calls: HostCalls, onHalt: (error: unknown) => void) => Made

/** Loads what makes the engine of that name: a replica on V8 has no use for the interpreter. */
export async function engineMaker(name: EngineName): Promise<MakeEngine> {
  if (name === 'v8') return makeV8
  const { createInterpreter } = await import('./interpreter/load.ts')
  return (order, calls, onHalt) => makeInterpreter(createInterpreter, order, calls, onHalt)
}

const makeV8: MakeEngine = ({ image, limits, cacheDirectory }, calls, onHalt) => {
  for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
  const begun = performance.now()
  const { guest, cache } = prepareCached(image, limits, cacheDirectory)
  const prepared = performance.now()
  const engine = startV8(guest, calls, onHalt)
  const made = {
    engine: 'v8' as const, imageBytes: image.length, codeBytes: guest.bytes.length, cache,
    prepareMs: prepared - begun, startMs: performance.now() - prepared
  }
  return { engine, made }
}

function makeInterpreter(
  create: CreateInterpreter, { image, limits }: EngineOrder, calls: HostCalls, onHalt: (error: unknown) => void
): Made {
  const begun = performance.now()
  const engine = create(image, calls, limits, onHalt)
  const sizes = { imageBytes: image.length, codeBytes: image.length }
  return { engine, made: { engine: 'interpreter', ...sizes, cache: 'none', prepareMs: 0, startMs: performance.now() - begun } }
}
