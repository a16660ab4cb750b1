import test from 'ava'
import { openSpecSuite, SPEC_ABSENT } from '../wasm/spec-suite.ts'
import { runScript } from './spec-runner.ts'
import type { Tally } from './spec-runner.ts'

test('the specification\'s suite runs the same on rewritten modules, with canonical NaNs', t => {
  const suite = openSpecSuite()
  if (suite === undefined) {
    t.log(SPEC_ABSENT)
    t.pass()
    return
  }
  const tally: Tally = { returned: 0, trapped: 0, failures: [] }
  for (const script of suite.scripts) runScript(script, tally)
  suite.remove()
  t.log(`${tally.returned} results and ${tally.trapped} traps as specified`)
  t.deepEqual(tally.failures, [])
  t.true(tally.returned > 45_000 && tally.trapped > 2000)
})
