import test from 'ava'
import { generateLoad, type Measurement } from '../../bench/load-generator.ts'
import { median, medianRatios, type Sample } from '../../bench/medians.ts'
import { modeReports, outputRuleTable, type OutputRuleReport } from '../../bench/output-rule-report.ts'
import { FakeKv, type Defect } from '../drill/fake-kv.ts'

function measured(p50: number, requestsPerSecond: number): Measurement {
  return { p50, p99: 2 * p50, requestsPerSecond, generatorBusy: 0.5 }
}
const sample = (p50: number, perSecond: number): Sample => ({ one: measured(p50, 1), many: measured(1, perSecond) })

test('the generator counts right replies, with one connection and with many', async (t) => {
  const server = await FakeKv.start()
  t.teardown(() => server.stop())
  for (const [kind, connections] of [['set', 1], ['get', 8]] as const) {
    const result = await generateLoad({ ...server.address, connections, kind, warmUpMs: 50, measureMs: 200 })
    t.true(result.requestsPerSecond > 0 && result.p50 > 0 && result.p50 <= result.p99)
  }
})

test('the generator refuses a wrong reply and a broken connection', async (t) => {
  const expected = { 'error reply': /wrong reply: "-ERR no room/, 'cut connection': /connection closed after|ECONNRESET/ }
  for (const [defect, says] of Object.entries(expected) as [Defect, RegExp][]) {
    const server = await FakeKv.start(defect)
    t.teardown(() => server.stop())
    const options = { ...server.address, connections: 2, kind: 'set', warmUpMs: 50, measureMs: 3000 } as const
    await t.throwsAsync(generateLoad(options), { message: says })
  }
})

test('ratios are taken within a round, then their median', (t) => {
  const mine = [sample(100, 10), sample(400, 20), sample(100, 30)]
  const its = [sample(50, 20), sample(100, 20), sample(100, 10)]
  t.deepEqual(medianRatios(mine, its), { p50: 2, p99: 2, perSecond: 1 })
  t.is(median([3, 1, 2]), 2)
})

test('a mode that did not run has a reason and no figures', (t) => {
  const modes = modeReports({ 'unprotected': { set: [sample(50, 100)] }, 'switch': { set: [sample(75, 80)] } })
  t.deepEqual(Object.keys(modes), ['unprotected', 'switch'])
  t.deepEqual(modes.switch?.set?.against, { unprotected: { p50: 1.5, p99: 1.5, perSecond: 0.8 } })
  t.is(modes.switch?.get, undefined)
  const report: OutputRuleReport = {
    node: '26', generator: 'node', rounds: 1, secondsPerMeasurement: 1, loadBefore: 0, connections: 64, modes,
    notRun: { 'redis-wait': 'redis-server is not installed' },
  }
  const table = outputRuleTable(report)
  t.regex(table, /redis-wait did not run: redis-server is not installed/)
  t.notRegex(table, /SET redis-wait|GET/)
  t.regex(table, /SET switch +75 +150 +80 +50 % busy +1\.50 +0\.80/)
})
