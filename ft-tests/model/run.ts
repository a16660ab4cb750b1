/** `npm run model [-- --json]`: the protocol's model, checked by spin. */
import { availableParallelism } from 'node:os'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { type Check, checkModel, findBug, plantedBugs } from './check-model.ts'

const { json } = commandLine('npm run model --')
  .description('Explores every state of the protocol\'s model (pair.pml) with spin, and looks for every planted defect. '
    + 'Needs spin and a C compiler (Debian: apt-get install spin gcc). Exit code 1: the model is violated, or a defect is not found.')
  .option('--json', 'the result as one line of JSON', false)
  .parse()
  .opts<{ readonly json: boolean }>()

const startedMs = performance.now()
try {
  const checks = await checkAll(['', ...await plantedBugs()])
  const [model, ...planted] = checks as [Check, ...Check[]]
  const found = planted.filter(({ violation }) => violation !== '')
  const summary = {
    states: model.states, transitions: model.transitions, violations: model.violation === '' ? 0 : 1, violation: model.violation,
    bugs: planted.length, found: found.length, notFound: planted.filter(({ violation }) => violation === '').map(({ bug }) => bug),
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1))
  }
  console.log(json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2))
  process.exitCode = summary.violations > 0 || summary.notFound.length > 0 ? 1 : 0
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}

async function checkAll(bugs: readonly string[]): Promise<readonly Check[]> {
  const results: Check[] = []
  const queue = bugs.map((bug, i) => ({ bug, i }))
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const check = next.bug === '' ? await checkModel('') : await findBug(next.bug)
      results[next.i] = check
      const { bug, states, violation, seconds } = check
      console.error(`${bug || 'the model'}: ${states} states, ${violation.slice(0, 60) || 'no violation'} (${seconds.toFixed(1)} s)`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
  return results
}
