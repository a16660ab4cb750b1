/** Plain V8, which everything is compared with, and our own engines. */
import { createInterpreter } from '../../hypervisor/host/interpreter/load.ts'
import type { Engine, EngineLimits, HostCalls, Stop } from '../../hypervisor/machine/engine.ts'
import { ALL_INSTRUMENTATION } from '../../hypervisor/v8/conventions.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import { checksumIn, KERNEL_PAGES_MAX } from '../kernels/catalogue.ts'
import { processorMs } from './contender.ts'
import type { Contender } from './contender.ts'
import { inProcess, timed } from './in-process.ts'
import type { Run, RunResult } from './in-process.ts'

type CreateEngine = (bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void) => Engine

/** The V8 engine without canonical NaNs: a contender of its own, whose figures stand among the V8 engine's. */
export const TICKS_ONLY = 'v8-ticks'

/** A tick that no kernel reaches. */
const FAR = 2 ** 52

/** The kernel as it is, on V8. */
export async function startPlain(module: Uint8Array<ArrayBuffer>): Promise<Run> {
  const { instance } = await WebAssembly.instantiate(module, {})
  const exports = instance.exports as { memory: WebAssembly.Memory, ft_start(): void, ft_interrupt(size: number): void }
  exports.ft_start()
  return (size) => timed(() => {
    exports.ft_interrupt(size)
    return checksumIn(new Uint8Array(exports.memory.buffer))
  })
}

async function startEngine(create: CreateEngine, module: Uint8Array): Promise<Run> {
  let halted: (error: unknown) => void = () => undefined
  const engine = create(module, {}, { memoryPagesMax: KERNEL_PAGES_MAX }, (error) => halted(error))
  const call = (entry: 'ft_start' | 'ft_interrupt', argument: number): Promise<RunResult> => new Promise((resolve, reject) => {
    halted = reject
    const started = processorMs()
    engine.enter(entry, argument)
    engine.run(FAR, (stop) => {
      const ms = processorMs() - started
      if (stop.kind === 'idle') resolve({ ms, checksum: checksumIn(engine.memory()) })
      else reject(new Error(endText(stop)))
    })
  })
  await call('ft_start', 0)
  return (size) => call('ft_interrupt', size)
}

const endText = (stop: Stop): string => `the kernel ended: ${stop.kind === 'trap' ? stop.message : stop.kind}`

const withoutNans: CreateEngine = (bytes, calls, limits, onHalt) =>
  createV8Engine(bytes, calls, limits, onHalt, { ...ALL_INSTRUMENTATION, nan: false })

export const ourEngines: readonly Contender[] = [
  inProcess({
    name: 'v8', description: 'our V8 engine: ticks, depth, canonical NaNs', version: process.versions.v8, span: 'large',
    start: (module) => startEngine(createV8Engine, module),
  }),
  inProcess({
    name: TICKS_ONLY, description: 'our V8 engine with ticks and depth, NaNs left to V8', version: process.versions.v8,
    span: 'large', start: (module) => startEngine(withoutNans, module),
  }),
  inProcess({
    name: 'interpreter', description: 'our interpreter', version: process.versions.v8, span: 'small',
    start: (module) => startEngine(createInterpreter, module),
  }),
]
