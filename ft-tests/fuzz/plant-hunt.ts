import { Campaign } from './campaign.ts'
import { ENGINES } from './engine-kinds.ts'
import type { Options } from './options.ts'
import { PLANTS } from './plants.ts'
import { TranslateToFuzz } from './wasm-opt.ts'
import type { Translator } from './wasm-opt.ts'

export interface PlantResult {
  readonly plant: string
  readonly engine: string
  readonly what: string
  /** How many seeds it took; undefined if it was not found. */
  readonly seedsToFind: number | undefined
  /** What showed it. */
  readonly comparison: string | undefined
}

/** Plants one bug after the other and counts the seeds until it is found. Passed if each is found within `seeds`. */
export async function huntPlants(options: Options): Promise<{ passed: boolean, report: object }> {
  const [wanted, engine] = (options.plant as string).split('@')
  const names = wanted === 'all' ? Object.keys(PLANTS) : [wanted]
  const results: PlantResult[] = []
  const translator = new TranslateToFuzz()
  for (const into of engine === undefined ? options.engines : [engine]) {
    for (const plant of names.filter(name => (PLANTS[name].engine ?? into) === into)) {
      const result = await hunt(plant, into, options, translator)
      results.push(result)
      const found = result.seedsToFind === undefined ? 'NOT FOUND' : `found after ${result.seedsToFind} seeds`
      process.stderr.write(`fuzz: ${plant} in ${into}: ${found}\n`)
    }
  }
  translator.close()
  const missed = results.filter(({ seedsToFind }) => seedsToFind === undefined).length
  return { passed: missed === 0, report: { planted: results.length, missed, results } }
}

/** The same seeds as without the bug, until one shows it. */
export async function hunt(
  plant: string, engine: string, options: Pick<Options, 'seeds' | 'from' | 'engines' | 'simd'>, translator: Translator,
): Promise<PlantResult> {
  const contenders = options.engines.map(name => {
    const contender = ENGINES[name]
    return name === engine ? { ...contender, make: PLANTS[plant].into(contender.make) } : contender
  })
  const campaign = new Campaign(contenders, translator, options.simd)
  const { what } = PLANTS[plant]
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    const { mismatch } = await campaign.run(seed)
    if (mismatch === undefined) continue
    return { plant, engine, what, seedsToFind: seed + 1 - options.from, comparison: mismatch.comparison }
  }
  return { plant, engine, what, seedsToFind: undefined, comparison: undefined }
}
