/** A fixed set of seeds through the simulator. `node ft-tests/sim/run.ts --seeds N` runs as many more as one likes. */
import test from 'ava'
import { Campaign, runSeed } from './campaign.ts'
import { faultKinds } from './faults.ts'

const seeds = 300

/** Protocol phases and conditions that a set of seeds must have seen to mean anything. */
const statesToReach = [
  'primary claiming', 'primary waiting', 'primary protected', 'primary suspecting', 'primary alone', 'primary halted',
  'backup joining', 'backup replaying', 'backup suspecting', 'backup draining', 'backup alone', 'backup halted',
  'primary window full', 'backup stopped reading', 'handler inside running code', 'corruption detected', 'report divergence',
  'test-and-set lost', 'test-and-set answered again', 'report arbiter-down', 'report switch-lost', 'switch refused',
  'inputs resent', 'duplicates dropped', 'killed between frames', 'live with outputs held', 'live in the middle of running code',
  'alone with outputs held', 'powered off'
]

test('P2.2-1 P2.2-2 P2.3-2 P2.3-5 no seed breaks a promise, and every fault and phase is reached', (t) => {
  t.timeout(110_000)
  const campaign = new Campaign()
  for (let seed = 1; seed <= seeds; seed++) campaign.run(seed)
  for (const { seed, violation, simulation } of campaign.violations) {
    t.log(`seed ${seed}: ${violation!.checker}: ${violation!.sentence}`, JSON.stringify(simulation.options))
  }
  t.is(campaign.violations.length, 0)
  t.deepEqual(faultKinds.filter((kind) => campaign.faults[kind] === undefined), [], 'faults never injected')
  t.deepEqual(statesToReach.filter((state) => campaign.states[state] === undefined), [], 'states never reached')
})

test('the same seed is the same run, to the last step', (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const first = runSeed(seed).simulation.trace.hash
    t.is(runSeed(seed).simulation.trace.hash, first, `seed ${seed}`)
  }
  t.not(runSeed(1).simulation.trace.hash, runSeed(2).simulation.trace.hash)
})
