import { decodeModule } from '../wasm/decode.ts'
import type { WasmModule } from '../wasm/module.ts'
import { validateModule } from '../wasm/validate.ts'
import type { Instrumentation } from './conventions.ts'
import { rewrite } from './rewrite.ts'
import { wasmJs } from './wasm-js.ts'

/** What it takes to make a module ready for V8. Times in milliseconds, by the clock that the caller gives. */
export interface PreparationReport {
  readonly functions: number
  /** Sizes of the file and of its code section, before and after. */
  readonly bytes: number
  readonly rewrittenBytes: number
  readonly codeBytes: number
  readonly rewrittenCodeBytes: number
  readonly decodeMs: number
  readonly validateMs: number
  readonly rewriteMs: number
  /** V8's own part, which compiles functions when they are first called: of the module as it was, and rewritten. */
  readonly compilePlainMs: number
  readonly compileMs: number
}

const MEMORY_PAGES_MAX = 65536
const CODE_SECTION = 10

function codeBytes({ sections }: WasmModule): number {
  const code = sections.find(({ id }) => id === CODE_SECTION)
  return code === undefined ? 0 : code.end - code.contents
}

/**
 * Makes a module ready and measures it; it need not be a guest of ABI `ft`. Throws `WasmError` as the engine does.
 * @param now a clock in milliseconds
 */
export function measurePreparation(image: Uint8Array, now: () => number, instrumentation?: Instrumentation): PreparationReport {
  const timed = <Result>(work: () => Result): [Result, number] => {
    const before = now()
    const result = work()
    return [result, now() - before]
  }
  const [module, decodeMs] = timed(() => decodeModule(image))
  const [facts, validateMs] = timed(() => validateModule(module))
  const options = { memoryPagesMax: MEMORY_PAGES_MAX, guest: false, instrumentation }
  const [{ bytes }, rewriteMs] = timed(() => rewrite(module, facts, options))
  const [, compilePlainMs] = timed(() => new wasmJs.Module(image))
  const [, compileMs] = timed(() => new wasmJs.Module(bytes))
  return {
    functions: module.bodies.length, bytes: image.length, rewrittenBytes: bytes.length,
    codeBytes: codeBytes(module), rewrittenCodeBytes: codeBytes(decodeModule(bytes)),
    decodeMs, validateMs, rewriteMs, compilePlainMs, compileMs,
  }
}
