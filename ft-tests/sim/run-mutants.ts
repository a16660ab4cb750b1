/** `npm run sim:mutants [-- --json]`: plants every defect and counts the seeds until a checker finds it. */
import { availableParallelism } from 'node:os'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import type { MutantResult } from './mutant-worker.ts'
import { mutantNames, runMutant } from './judge.ts'

type Options = { readonly json: boolean; readonly seeds: number; readonly only: string | undefined }

const { json, seeds, only } = commandLine('npm run sim:mutants --')
  .description('Plants deliberate defects of the protocol, each in a run of its own, and shows that the checkers find every one. '
    + 'Exit code 1: one lives.')
  .option('--json', 'the result as one line of JSON', false)
  .option('--seeds <count>', 'give a mutant up after so many; the rarest needs some 1,400', wholeFrom(1), 5000)
  .option('--only <name>', 'this mutant alone')
  .parse()
  .opts<Options>()

const results = await runAll(only === undefined ? mutantNames : [only])
const killed = results.filter((result) => result.seeds !== undefined)
const counts = killed.map((result) => result.seeds!).sort((a, b) => a - b)
const summary = {
  total: results.length, killed: killed.length, medianSeedsToKill: counts[counts.length >> 1] ?? null,
  alive: results.filter((result) => result.seeds === undefined).map(({ name }) => name),
  mutants: Object.fromEntries(killed.map(({ name, seeds, checker }) => [name, { seeds, checker }]))
}
console.log(json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2))
process.exitCode = summary.killed === summary.total ? 0 : 1

async function runAll(names: readonly string[]): Promise<readonly MutantResult[]> {
  const queue = [...names]
  const done: MutantResult[] = []
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const result = await runMutant(name, seeds)
      done.push(result)
      const { checker, sentence } = result
      const end = result.seeds === undefined ? `lives after ${seeds} seeds` : `seed ${result.seeds}: ${checker}: ${sentence.split('\n')[0]}`
      console.error(`${name}: ${end.slice(0, 200)}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
  return done
}
