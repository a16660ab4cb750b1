/** A fixed set of seeds through the simulator. `npm run sim -- --seeds N` runs as many more as one likes. */
import test from 'ava'
import { newTally, runSeed, runSeeds } from './campaign.ts'
import { notReached } from './coverage.ts'
import { runCampaign } from './parallel.ts'

const seeds = 1000

test('P2.2-1 P2.2-2 P2.3-2 P2.3-5 no seed breaks a promise, and every fault, state and transition is reached', async (t) => {
  t.timeout(110_000)
  const tally = await runCampaign(1, seeds, 2, () => {})
  for (const { seed, checker, sentence } of tally.violations) t.log(`seed ${seed}: ${checker}: ${sentence}`)
  t.is(tally.violations.length, 0)
  t.is(tally.seeds, seeds)
  t.deepEqual(notReached(tally), [])
})

test('the same seed is the same run, to the last step', (t) => {
  for (let seed = 1; seed <= 6; seed++) {
    const first = runSeed(seed).simulation.trace.hash
    t.is(runSeed(seed).simulation.trace.hash, first, `seed ${seed}`)
    t.is(runSeed(seed, {}, true).simulation.trace.hash, first, `seed ${seed}, with its lines kept`)
  }
  t.not(runSeed(1).simulation.trace.hash, runSeed(2).simulation.trace.hash)
})

test('a campaign is the same over any number of threads', async (t) => {
  const alone = newTally()
  runSeeds(500, 30, alone)
  t.deepEqual(await runCampaign(500, 30, 2, () => {}), alone)
})
