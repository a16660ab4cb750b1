/** The model of the protocol holds in every state, and its judge is judged: each planted defect is found. */
import test from 'ava'
import { requireTool } from '../require.ts'
import { checkModel, findBug, plantedBugs } from './check-model.ts'

test('the model of failover and re-protection holds in every state', async (t) => {
  t.timeout(300_000)
  if (!requireTool(t, 'spin') || !requireTool(t, 'cc')) return
  const { violation, states } = await checkModel('', ['ENTRIES=1'])
  t.is(violation, '')
  t.true(states > 100_000, `${states} states`)
})

test('every planted defect is found', async (t) => {
  t.timeout(300_000)
  if (!requireTool(t, 'spin') || !requireTool(t, 'cc')) return
  const bugs = await plantedBugs()
  t.true(bugs.length >= 15)
  for (const bug of bugs) {
    const { violation, seconds } = await findBug(bug)
    t.not(violation, '', `${bug} is not found`)
    t.log(`${bug}: ${violation.slice(0, 80)} (${seconds.toFixed(1)} s)`)
  }
})
