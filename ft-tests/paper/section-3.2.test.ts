/** §3.2 The logging channel: execution lag, and a primary that is slowed by it. */
import test from 'ava'
import { ExecutionLag } from '../../hypervisor/ft/execution-lag.ts'
import { Throttle } from '../../hypervisor/ft/throttle.ts'
import { FakePair } from './fake-pair.ts'

test('P3.2-4 execution lag is the time between an entry\'s acknowledgement and its replay', (t) => {
  const lag = new ExecutionLag()
  lag.heard(10, 10, 0)
  t.is(lag.lagMs(50), 0, 'nothing is behind')
  lag.heard(20, 10, 100)
  lag.heard(30, 15, 130)
  t.is(lag.lagMs(150), 50, 'entries up to 20 came at 100, and 16 is not replayed')
  lag.heard(30, 20, 160)
  t.is(lag.lagMs(160), 30, 'entries up to 30 came at 130')
  lag.heard(30, 30, 200)
  t.is(lag.lagMs(999), 0)
})

test('P3.2-4 (ours) however many acks come, the measure takes little memory and never says too little', (t) => {
  const lag = new ExecutionLag()
  for (let i = 1; i <= 100_000; i++) lag.heard(i, 0, i)
  t.is(lag.lagMs(100_000), 99_999)
  lag.heard(100_000, 99_999, 100_001)
  t.true(lag.lagMs(100_001) >= 1)
  lag.heard(100_000, 100_000, 100_002)
  t.is(lag.lagMs(100_002), 0)
})

test('P3.2-4 lag is kept small: a slow backup slows its primary, which goes on at full speed when the backup has caught up', async (t) => {
  const pair = await FakePair.start({ lagMsMax: 100 })
  const client = pair.client()
  for (const host of pair.hosts) host.world.usPerSlice = 500
  pair.backup.runsHeld = true
  for (let i = 0; i < 100; i++) {
    client.send('+')
    await pair.pass(10)
  }
  const { lagMs, restShare } = pair.primary.replica.status()
  t.true(lagMs > 100, `lag ${lagMs} ms`)
  t.true(restShare > 0.5, `rests for ${restShare} of its time`)
  t.is(pair.primary.reports.filter((report) => report.event === 'throttle' && report.on).length, 1)
  t.false(pair.hosts.some((host) => host.has('suspect')), 'a slow backup is no failover')

  pair.backup.runsHeld = false
  await pair.pass(5000)
  t.is(pair.primary.replica.status().restShare, 0)
  t.is(pair.primary.reports.findLast(({ event }) => event === 'throttle')?.event, 'throttle')
  t.is(client.bytes.length, 200, 'late, and none lost')
  t.is(pair.backup.hash, pair.primary.hash)
})

test('P3.2-5 slowing is gradual: a little more as long as the lag is too long, a little less when it is short again', (t) => {
  const throttle = new Throttle(200)
  const shares: number[] = []
  let nowMs = 0
  const feel = (lagMs: number, times: number): void => {
    for (let i = 0; i < times; i++) {
      throttle.adjust(lagMs, nowMs += 10)
      shares.push(throttle.share)
    }
  }
  feel(150, 10)
  t.is(throttle.share, 0, 'below the threshold nothing happens')
  feel(300, 10)
  t.true(throttle.share > 0.15 && throttle.share < 0.25)
  feel(150, 10)
  t.is(throttle.share, shares[19], 'between half of it and the threshold it stays')
  feel(300, 1000)
  t.true(throttle.share <= 0.95, 'it never stops altogether')
  feel(50, 1000)
  t.is(throttle.share, 0)
  const steps = shares.slice(1).map((share, i) => Math.abs(share - shares[i]))
  t.true(Math.max(...steps) < 0.021)
})

test('P3.2-5 the primary rests for that share of its time, and only then', (t) => {
  const throttle = new Throttle(10)
  for (let i = 1; i <= 25; i++) throttle.adjust(1000, i * 10) // to one half
  t.true(Math.abs(throttle.share - 0.5) < 0.001)
  let nowUs = 0
  let rested = 0
  for (let run = 0; run < 1000; run++) {
    throttle.runStarts(nowUs)
    nowUs += 300
    throttle.runEnds(nowUs)
    const wakeUs = throttle.wakeUs(nowUs)
    if (wakeUs === Infinity) continue
    rested += wakeUs - nowUs
    nowUs = wakeUs
    t.false(throttle.isResting(nowUs))
  }
  t.true(Math.abs(rested - 300_000) < 5000, `rested for ${rested} µs beside 300,000 µs of work`)
})
