import type { EngineLimits } from '../machine/engine.ts'
import { admitGuest } from '../wasm/admit.ts'
import type { Instrumentation } from './conventions.ts'
import type { CodePlace } from './offset-map.ts'
import { rewrite } from './rewrite.ts'
import { stateShape } from '../machine/state-shape.ts'
import type { StateShape } from '../machine/state-shape.ts'

/** A guest made ready for V8: a function of the image, the limits and this code alone, so that it can be kept. */
export interface PreparedGuest {
  /** The rewritten module. */
  readonly bytes: Uint8Array
  readonly shape: StateShape
  /** From offsets in `bytes` to places in the guest's own module. */
  readonly places: { lookup(offset: number): CodePlace | undefined }
}

/** Admits and rewrites a guest. Throws `WasmError` as `createV8Engine` does. */
export function prepareV8(image: Uint8Array, { memoryPagesMax }: EngineLimits, instrumentation?: Instrumentation): PreparedGuest {
  const { module, facts } = admitGuest(image)
  const { bytes, places } = rewrite(module, facts, { memoryPagesMax, guest: true, instrumentation })
  return { bytes, places, shape: stateShape(module, facts, memoryPagesMax) }
}
