/** The part of the WebAssembly JavaScript interface that the engine uses, with Promise Integration (JSPI). */
export interface WasmGlobal {
  value: number
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Grows by so many pages. Throws `RangeError` where that can't be. */
  grow(pages: number): number
}

/** A function reference: equal ones are the same object. */
export type Reference = object | null
export type WasmFunction = (...args: (number | Reference)[]) => number | Reference | undefined
export type WasmExports = Readonly<Record<string, WasmFunction | WasmGlobal | WasmMemory>>

interface WasmJs {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasmExports }
  /** What a trap throws. */
  readonly RuntimeError: new () => Error
  /** An import that suspends the calling Wasm stack until the promise it returns settles. */
  readonly Suspending: new (call: (...args: number[]) => unknown) => object
  /** Makes an export run on a stack that can be suspended; it then returns a promise. */
  promising(call: WasmFunction): (...args: number[]) => Promise<unknown>
}

/** TypeScript declares `WebAssembly` with the DOM only, and JSPI not at all. */
export const wasmJs = (globalThis as unknown as { readonly WebAssembly: WasmJs }).WebAssembly
