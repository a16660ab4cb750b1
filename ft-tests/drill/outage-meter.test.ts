import test from 'ava'
import { baselineMs, outageMs } from './outage-meter.ts'

test('the outage is the longest silence about the fault', (t) => {
  t.is(outageMs([0, 1, 2, 3, 40, 41], 3.5), 37)
  t.is(outageMs([0, 1, 2, 3, 4, 60, 61], 3.5), 56, 'replies already under way do not end it')
  t.is(outageMs([0, 50, 51, 52, 53], 50.5), 1, 'a silence over before the fault does not count')
  t.is(outageMs([0, 1, 2, 400, 500, 900], 1.5), 398, 'nor does a longer one much later')
})

test('a client that hears nothing any more has no end of outage', (t) => {
  t.is(outageMs([0, 1, 2], 2), Infinity)
  t.is(outageMs([], 2), Infinity)
})

test('the baseline looks at the second before the fault only', (t) => {
  t.is(baselineMs([0, 500, 900, 905, 1510, 1530, 1700], 1600), 605)
  t.is(baselineMs([0, 1599, 1700], 1600), 0)
})
