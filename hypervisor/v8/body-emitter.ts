import { OP } from '../wasm/opcodes.ts'
import type { ValType } from '../wasm/types.ts'
import { ByteWriter } from '../wasm/writer.ts'

export const BLOCK_VOID = 0x40

/** From `at` in the new code on, code copied from `source` in the module; so many ticks have passed that are not counted yet. */
export interface Place {
  readonly at: number
  readonly source: number
  readonly uncounted: number
}

/** A rewritten body: local declarations and code. */
export interface RewrittenBody {
  readonly bytes: Uint8Array
  /** Offsets in `bytes` of the branches that are hardly ever taken, ascending. */
  readonly unlikely: readonly number[]
  /** Ascending; only if asked for. */
  readonly places: readonly Place[]
}

/** Collects the code of one body: what is copied, what is added, and the locals that the additions need. */
export class BodyEmitter {
  readonly out = new ByteWriter()
  private readonly bytes: Uint8Array
  private readonly unlikely: number[] = []
  private readonly places: Place[] | undefined
  /** Types of the locals added so far, behind the function's own. */
  private readonly added: ValType[] = []
  private readonly named = new Map<string, number>()
  private readonly firstAdded: number
  /** See `Place`. */
  uncounted = 0

  /** `firstAdded` is the index of the first added local. */
  constructor(bytes: Uint8Array, firstAdded: number, recordPlaces: boolean) {
    this.bytes = bytes
    this.firstAdded = firstAdded
    this.places = recordPlaces ? [] : undefined
  }

  /** The added local of this name, declared on first use. */
  local(name: string, type: ValType): number {
    let index = this.named.get(name)
    if (index === undefined) {
      index = this.firstAdded + this.added.length
      this.added.push(type)
      this.named.set(name, index)
    }
    return index
  }

  /** Copies source bytes. */
  copy(from: number, to: number): void {
    if (from === to) return
    this.place(from)
    this.out.raw(this.bytes.subarray(from, to))
  }

  /** What comes next stands for the instruction at `source`. */
  place(source: number): void {
    this.places?.push({ at: this.out.length, source, uncounted: this.uncounted })
  }

  get(local: number): ByteWriter {
    return this.out.u8(OP.localGet).u32(local)
  }

  set(local: number): ByteWriter {
    return this.out.u8(OP.localSet).u32(local)
  }

  constant(value: number): ByteWriter {
    return this.out.u8(OP.i32Const).signed(value)
  }

  getGlobal(global: number): ByteWriter {
    return this.out.u8(OP.globalGet).u32(global)
  }

  setGlobal(global: number): ByteWriter {
    return this.out.u8(OP.globalSet).u32(global)
  }

  call(functionIndex: number): ByteWriter {
    return this.out.u8(OP.call).u32(functionIndex)
  }

  /** An `if` without result that is hardly ever taken. */
  ifUnlikely(): void {
    this.unlikely.push(this.out.length)
    this.out.u8(OP.if).u8(BLOCK_VOID)
  }

  /** A `br_if` that is hardly ever taken. */
  branchUnlikely(label: number): void {
    this.unlikely.push(this.out.length)
    this.out.u8(OP.brIf).u32(label)
  }

  /** The finished body, whose own locals are `locals`. */
  finish(locals: readonly { readonly count: number, readonly type: ValType }[]): RewrittenBody {
    const bytes = new ByteWriter()
    bytes.u32(locals.length + this.added.length)
    for (const { count, type } of locals) bytes.u32(count).u8(type)
    for (const type of this.added) bytes.u32(1).u8(type)
    const shift = bytes.length
    bytes.raw(this.out.bytes())
    return {
      bytes: bytes.bytes(),
      unlikely: this.unlikely.map(offset => offset + shift),
      places: this.places?.map(place => ({ ...place, at: place.at + shift })) ?? [],
    }
  }
}
