import { Rng } from '../sim/rng.ts'
import { ownGuest } from './gen/own-guest.ts'
import { ttfGuest } from './gen/ttf-guest.ts'
import { encodeIr } from './ir/encode-ir.ts'
import type { IrModule } from './ir/ir.ts'
import type { Scenario } from './scenario.ts'
import type { Translator } from './wasm-opt.ts'

export type Source = 'binaryen' | 'own'

/** One seed: a guest, and what happens to it. */
export interface FuzzCase {
  readonly seed: number
  readonly source: Source
  readonly module: IrModule
  readonly bytes: Uint8Array
  readonly scenario: Scenario
}

const EVENTS_MAX = 8

/** Odd seeds are Binaryen's, even ones our own generator's. */
export async function caseOf(seed: number, translator: Translator, simd = true): Promise<FuzzCase> {
  const rng = new Rng(seed)
  const source = seed % 2 === 1 ? 'binaryen' : 'own'
  const scenario: Scenario = {
    seed: rng.word(), stops: 'none', targets: 12, events: rng.integer(1, EVENTS_MAX), ticksMax: rng.pick([300, 2000, 8000]),
  }
  const module = source === 'own' ? ownGuest(rng, simd) : await ttfGuest(rng, translator, simd)
  return { seed, source, module, bytes: encodeIr(module), scenario }
}
