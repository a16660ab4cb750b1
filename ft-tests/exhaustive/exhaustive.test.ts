/** The exhaustive drill, thinned out; `npm run drill:exhaustive` goes through every place. */
import test from 'ava'
import { buildGuests } from '../../guest-images/build.ts'
import type { PreparedGuest } from '../../hypervisor/v8/prepare.ts'
import { kvGuest } from './kv-guest.ts'
import { SCENARIOS } from './scenario.ts'
import { hasPassed, sweep } from './sweep.ts'

const STRIDES = { primary: 61, backup: 59, newcomer: 5, donor: 5 } as const
let guest: PreparedGuest

test.before(async () => {
  await buildGuests('kv')
  guest = await kvGuest()
})

for (const scenario of SCENARIOS) {
  test.serial(`death at every ${STRIDES[scenario]}th place: ${scenario}`, async (t) => {
    const count = await sweep({ guest, scenario, entriesMin: 1000, first: 1, stride: STRIDES[scenario] })
    t.true(hasPassed(count), count.complaints.join('\n'))
    t.log(JSON.stringify(count))
  })
}
