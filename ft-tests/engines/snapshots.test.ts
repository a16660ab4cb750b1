/** A few points of `npm run check:snapshots`. */
import test from 'ava'
import { Elsewhere } from './elsewhere.ts'
import { guestTapes } from './guest-tapes.ts'
import { checkAnywhere, checkBoundaries } from './snapshot-check.ts'

const elsewhere = new Elsewhere()
test.after.always(() => elsewhere.end())

for (const guest of Object.keys(guestTapes)) {
  test.serial(`${guest}: a snapshot in the middle of code goes on in another process as if nothing had happened`, async (t) => {
    const { points, wrong } = await checkAnywhere(guest, 6, 3, elsewhere)
    t.deepEqual({ points, wrong }, { points: 6, wrong: [] })
  })
}

test.serial('a snapshot between events goes on in another process on the other engine', async (t) => {
  for (const [from, to] of [['v8', 'interpreter'], ['interpreter', 'v8']] as const) {
    const { points, wrong } = await checkBoundaries('kv', from, to, 3, elsewhere)
    t.deepEqual(wrong, [])
    t.true(points > 2)
  }
})
