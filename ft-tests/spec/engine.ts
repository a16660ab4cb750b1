/**
 * A value as the suite's runner passes it, so that no bit is lost on the way: i32 and f32 as a signed integer, i64 and f64 as
 * a signed bigint, a v128 as two of these (low half first), a reference as null, `externRef(n)` or `FUNCTION`.
 */
export type Bits = number | bigint | string | null

/** Any function: the suite does not tell functions apart. */
export const FUNCTION = 'a function'
export const externRef = (name: string): string => `extern ${name}`

/** Guest code trapped; the message is one of `TRAP`. */
export class Trapped extends Error {}

/** An import is not there, or is not what the module asks for. */
export class LinkFailure extends Error {}

export interface SpecInstance {
  /** Calls an exported function. Throws `Trapped`. */
  invoke(field: string, args: readonly Bits[]): readonly Bits[]
  /** The value of an exported global. */
  read(field: string): readonly Bits[]
}

/** What runs the modules of one script: they live in one store, so that they can share what they import. */
export interface SpecEngine {
  /** Does everything with a module that needs no imports. Throws `WasmError` for one that is malformed or invalid. */
  compile(bytes: Uint8Array): unknown
  /** Throws `WasmError`, `LinkFailure`, or `Trapped` (which may leave writes in what was imported). */
  instantiate(bytes: Uint8Array): SpecInstance
  /** Makes an instance's exports importable under this module name. The name `spectest` is there from the start. */
  register(name: string, instance: SpecInstance): void
}
