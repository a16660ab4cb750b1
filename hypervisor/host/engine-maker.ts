/** Makes the engine that a replica was told to run its guest on, and tells what that took. */
import { setFlagsFromString } from 'node:v8'
import type { Engine, EngineLimits, HostCalls } from '../machine/engine.ts'
import { startV8 } from '../v8/engine.ts'
import { V8_STACK_FLAGS } from '../v8/stack-flags.ts'
import { createInterpreter } from './interpreter/load.ts'
import { type CacheUse, prepareCached } from './code-cache.ts'

export const engineNames = ['v8', 'interpreter'] as const
export type EngineName = (typeof engineNames)[number]

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
  readonly name: EngineName
  readonly image: Uint8Array
  readonly limits: EngineLimits
  /** See `prepareCached`. */
  readonly cacheDirectory: string | undefined
}

/** @throws WasmError for a bad image */
export function makeEngine(
  { name, image, limits, cacheDirectory }: EngineOrder, calls: HostCalls, onHalt: (error: unknown) => void
): { engine: Engine; made: EngineMade } {
  if (name === 'interpreter') return makeInterpreter(image, limits, calls, onHalt)
  for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
  const begun = performance.now()
  const { guest, cache } = prepareCached(image, limits, cacheDirectory)
  const prepared = performance.now()
  const engine = startV8(guest, calls, onHalt)
  const made = {
    engine: name, imageBytes: image.length, codeBytes: guest.bytes.length, cache,
    prepareMs: prepared - begun, startMs: performance.now() - prepared
  }
  return { engine, made }
}

function makeInterpreter(
  image: Uint8Array, limits: EngineLimits, calls: HostCalls, onHalt: (error: unknown) => void
): { engine: Engine; made: EngineMade } {
  const begun = performance.now()
  const engine = createInterpreter(image, calls, limits, onHalt)
  const sizes = { imageBytes: image.length, codeBytes: image.length }
  return { engine, made: { engine: 'interpreter', ...sizes, cache: 'none', prepareMs: 0, startMs: performance.now() - begun } }
}
