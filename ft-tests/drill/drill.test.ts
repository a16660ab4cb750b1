import test from 'ava'
import { runDrill, type DrillOptions } from './drill.ts'
import { DEFECTS, FakeKv, type Defect } from './fake-kv.ts'
import type { DrillReport } from './drill-report.ts'
import { startStandInPair, type StandInOptions } from './stand-in-pair.ts'
import type { PairHandle } from './pair.ts'

const OPTIONS: DrillOptions = {
  mode: 'kill-primary', rounds: 1, clients: 4, pipeline: 4, rateMax: 4000, rateMin: 200, secondsPerRound: 0.6, seed: 1,
  patienceMs: 3000, signal: new AbortController().signal, onRound: () => {},
}

async function standIn(defect?: Defect, more: Partial<StandInOptions> = {}): Promise<PairHandle> {
  const server = await FakeKv.start(defect)
  return startStandInPair({ address: server.address, stopServer: () => server.stop(), ...more })
}

const COUNTS = [
  'lostAcknowledged', 'duplicated', 'brokenConnections', 'nonLinearizable', 'divergences',
] as const satisfies (keyof DrillReport)[]

/** What the report must show, at least, for each defect. */
const EXPECTED: Readonly<Record<Defect, readonly (typeof COUNTS)[number][]>> = {
  'lost append': ['lostAcknowledged', 'nonLinearizable'],
  'lost increment': ['lostAcknowledged', 'nonLinearizable'],
  // Only a read before the next write shows it: the checker's business alone.
  'lost set': ['nonLinearizable'],
  'double increment': ['duplicated', 'nonLinearizable'],
  'double append': ['duplicated', 'nonLinearizable'],
  'stale read': ['nonLinearizable'],
  'swapped appends': ['nonLinearizable'],
  'cut connection': ['brokenConnections'],
  'repeated reply': ['brokenConnections'],
  'lost reply': ['brokenConnections'],
  'malformed reply': ['brokenConnections'],
  'error reply': ['brokenConnections'],
  'silence': ['brokenConnections'],
}

test('a sound server passes in every mode', async (t) => {
  for (const mode of ['kill-primary', 'kill-backup', 'pause-primary'] as const) {
    const tally = await runDrill({ ...OPTIONS, mode, rounds: 2 }, () => standIn())
    t.true(tally.passed, mode)
    const report = tally.report()
    t.like(report, { rounds: 2, lostAcknowledged: 0, duplicated: 0, brokenConnections: 0, nonLinearizable: 0, divergences: 0 })
    t.true(report.operations > 1000 && report.minimumRate >= OPTIONS.rateMin)
    t.deepEqual(report.arbiter, [{ term: 1, holder: 'primary', won: true, rounds: 2 }])
    t.is(report.entriesReplayed?.p50, mode === 'kill-backup' ? undefined : 7)
  }
})

for (const defect of DEFECTS) {
  test(`notices: ${defect}`, async (t) => {
    const results: Parameters<DrillOptions['onRound']>[1][] = []
    const tally = await runDrill({ ...OPTIONS, onRound: (_, result) => results.push(result) }, () => standIn(defect))
    t.false(tally.passed)
    const found = COUNTS.filter((count) => tally.report()[count] > 0)
    const complaints = results.flatMap((result) => result.complaints).join('\n')
    t.true(EXPECTED[defect].every((count) => found.includes(count)), `found only [${found}]\n${complaints}`)
    t.is(found.includes('brokenConnections'), EXPECTED[defect].includes('brokenConnections'), complaints)
  })
}

test('counts divergences', async (t) => {
  const tally = await runDrill(OPTIONS, () => standIn(undefined, { divergence: true }))
  t.false(tally.passed)
  t.is(tally.report().divergences, 1)
})

test('fails when a continued primary ends in another way than by losing', async (t) => {
  const complaints: string[] = []
  const onRound: DrillOptions['onRound'] = (_, result) => complaints.push(...result.complaints)
  const start = () => standIn(undefined, { exitCodeAfterPause: 0 })
  const tally = await runDrill({ ...OPTIONS, mode: 'pause-primary', onRound }, start)
  t.false(tally.passed)
  t.regex(complaints.join(), /ended with 0 instead of exit code 3/)
})

test('does not take a failover that came by itself for the one it wanted', async (t) => {
  const complaints: string[] = []
  const onRound: DrillOptions['onRound'] = (_, result) => complaints.push(...result.complaints)
  const tally = await runDrill({ ...OPTIONS, onRound }, () => standIn(undefined, { early: true }))
  t.false(tally.passed)
  t.deepEqual(complaints, ['the pair had changed roles by itself before the fault'])
})

test('cannot pass idle', async (t) => {
  const tally = await runDrill({ ...OPTIONS, rateMax: 300, rateMin: 5000, patienceMs: 500 }, () => standIn())
  t.false(tally.passed)
})

test('counts what the checker could not decide as a failure', async (t) => {
  const tally = await runDrill({ ...OPTIONS, limits: { stepsMax: 10 } }, () => standIn())
  t.false(tally.passed)
  t.true(tally.report().nonLinearizable > 0)
})

test('stops its pair when it is interrupted', async (t) => {
  const interruption = new AbortController()
  let stopped = 0
  const start = async (): Promise<PairHandle> => {
    const pair = await standIn()
    setTimeout(() => interruption.abort(new Error('enough')), 300)
    return { ...pair, stop: async () => { if (stopped++ === 0) await pair.stop() } }
  }
  await t.throwsAsync(runDrill({ ...OPTIONS, secondsPerRound: 30, signal: interruption.signal }, start), { message: 'enough' })
  t.is(stopped, 1)
})
