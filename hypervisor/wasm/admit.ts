import { checkSegments } from './check-segments.ts'
import { decodeModule } from './decode.ts'
import { checkGuestAbi } from './guest-abi.ts'
import type { WasmModule } from './module.ts'
import { validateModule } from './validate.ts'
import type { BodyFacts } from './validate-code.ts'

/** A module that passed every check, with what validation learned for the engines. */
export interface AdmittedGuest {
  readonly module: WasmModule
  readonly facts: readonly BodyFacts[]
}

/** Decodes, validates and checks a guest image against ABI `ft`. Throws `WasmError`: one line, where and what. */
export function admitGuest(bytes: Uint8Array): AdmittedGuest {
  const module = decodeModule(bytes)
  const facts = validateModule(module)
  checkGuestAbi(module)
  checkSegments(module)
  return { module, facts }
}
