import type { Engine, EngineLimits, HostCalls } from '../../hypervisor/machine/engine.ts'
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'

export type EngineMaker = (bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void) => Engine

/** Every engine there is, by name. */
export const engineMakers: Readonly<Record<string, EngineMaker>> = { v8: createV8Engine, interpreter: createInterpreter }
export const engineNames = Object.keys(engineMakers)
