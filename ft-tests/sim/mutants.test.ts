/** The judge is judged: every planted defect is found within few seeds, the older ones by a checker that is meant to find them. */
import test from 'ava'
import { runMutant } from './judge.ts'
import { mutants } from './mutants.ts'
import { sourceMutants } from './source-mutants.ts'

/** The rarest ones are left to `npm run sim:mutants`: they need a kill between two frames. */
const rare = new Set(['frameCutBeforeProgress'])
const seedsMax = 300

for (const [name, { killedBy, within }] of Object.entries(mutants)) {
  test(`mutant ${name} is killed within ${within} seeds`, async (t) => {
    t.timeout(110_000)
    const { seeds, checker, sentence } = await runMutant(name, within)
    t.true(seeds !== undefined && killedBy.includes(checker), `seed ${seeds}: ${checker}: ${sentence}`)
  })
}

for (const name of Object.keys(sourceMutants)) {
  if (rare.has(name)) continue
  test(`mutant ${name} is killed within ${seedsMax} seeds`, async (t) => {
    t.timeout(110_000)
    const { seeds, checker, sentence } = await runMutant(name, seedsMax)
    t.not(seeds, undefined, 'it lives')
    t.log(`seed ${seeds}: ${checker}: ${sentence.split('\n')[0]}`)
  })
}

test('a mutant that does not exist is refused', async (t) => {
  await t.throwsAsync(runMutant('nothing', 1), { message: /no mutant nothing/ })
})
