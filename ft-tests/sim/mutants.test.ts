/** The judge is judged: every planted defect is found, by a checker that is meant to find it, within few seeds. */
import test from 'ava'
import { runSeed } from './campaign.ts'
import { mutants } from './mutants.ts'

for (const [name, { make, killedBy, within }] of Object.entries(mutants)) {
  test(`mutant ${name} is killed within ${within} seeds`, (t) => {
    t.timeout(110_000)
    for (let seed = 1; seed <= within; seed++) {
      const { violation } = runSeed(seed, make())
      if (violation === undefined) continue
      t.true(killedBy.includes(violation.checker), `seed ${seed}: ${violation.checker}: ${violation.sentence}`)
      t.log(`seed ${seed}: ${violation.checker}: ${violation.sentence.split('\n')[0]}`)
      return
    }
    t.fail(`it lives after ${within} seeds`)
  })
}
