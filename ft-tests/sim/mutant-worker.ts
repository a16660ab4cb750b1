/** Runs one mutant, seed by seed, until a checker finds it. A defect in the source is planted before anything is loaded. */
import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { sourceMutants } from './source-mutants.ts'

export type MutantRun = { readonly name: string; readonly seedsMax: number }
export type MutantResult = {
  readonly name: string
  /** How many seeds it took; undefined if it lives. */
  readonly seeds: number | undefined
  readonly checker: string
  readonly sentence: string
}

const root = new URL('../../', import.meta.url).href

async function run({ name, seedsMax }: MutantRun): Promise<MutantResult> {
  plant(name)
  const { runSeed } = await import('./campaign.ts')
  const { mutants } = await import('./mutants.ts')
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violation } = runSeed(seed, mutants[name]?.make() ?? {})
    if (violation !== undefined) return { name, seeds: seed, ...violation }
  }
  return { name, seeds: undefined, checker: '', sentence: '' }
}

/** @throws if the text is not there exactly once: the mutant must follow the code that it spoils */
function plant(name: string): void {
  const mutant = sourceMutants[name]
  if (mutant === undefined) return
  const { file, text, instead } = mutant
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== root + file) return loaded
      const parts = String(loaded.source instanceof Uint8Array ? new TextDecoder().decode(loaded.source) : loaded.source).split(text)
      if (parts.length !== 2) throw new Error(`mutant ${name}: its text is ${parts.length - 1} times in ${file}, and must be there once`)
      return { ...loaded, source: parts.join(instead) }
    }
  })
}

parentPort!.postMessage(await run(workerData as MutantRun))
