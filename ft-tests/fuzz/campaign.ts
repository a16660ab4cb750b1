import { createHash } from 'node:crypto'
import { checkCase } from './check-case.ts'
import type { Field, Mismatch } from './check-case.ts'
import type { Contender } from './contender.ts'
import { Coverage } from './coverage.ts'
import { caseOf } from './guests.ts'
import type { FuzzCase, Source } from './guests.ts'
import type { Translator } from './wasm-opt.ts'

export interface CampaignReport {
  readonly seeds: number
  readonly mismatches: number
  /** Random modules by where they come from. */
  readonly modules: Readonly<Record<Source, number>>
  /** Runs of a module through a scenario, and the ticks that these counted together. */
  readonly runs: number
  readonly ticks: number
  /** Opcodes in code that was reached. */
  readonly opcodes: { readonly covered: number, readonly of: number, readonly never: readonly string[] }
  /** Over all that was shown by all seeds: equal in every tier. */
  readonly digest: string
}

export interface SeedResult {
  readonly fuzzCase: FuzzCase
  readonly mismatch: Mismatch | undefined
}

/** Runs seeds and adds up what they show. */
export class Campaign {
  readonly field: Field
  readonly mismatches: Mismatch[] = []
  private readonly coverage = new Coverage()
  private readonly translator: Translator
  private readonly simd: boolean
  private readonly modules = { binaryen: 0, own: 0 }
  private readonly hash = createHash('sha1')
  private runs = 0
  private ticks = 0

  constructor(contenders: readonly Contender[], translator: Translator, simd = true) {
    this.simd = simd
    this.field = { contenders, naive: this.coverage.make }
    this.translator = translator
  }

  async run(seed: number): Promise<SeedResult> {
    const fuzzCase = await caseOf(seed, this.translator, this.simd)
    const { mismatch, runs, ticks, digest } = await checkCase(fuzzCase, this.field)
    this.coverage.collect()
    this.modules[fuzzCase.source]++
    this.runs += runs
    this.ticks += ticks
    this.hash.update(digest)
    if (mismatch !== undefined) this.mismatches.push(mismatch)
    return { fuzzCase, mismatch }
  }

  report(): CampaignReport {
    const { modules, runs, ticks } = this
    return {
      seeds: modules.binaryen + modules.own, mismatches: this.mismatches.length, modules: { ...modules }, runs, ticks,
      opcodes: this.coverage.report(), digest: this.hash.copy().digest('hex').slice(0, 16),
    }
  }
}
