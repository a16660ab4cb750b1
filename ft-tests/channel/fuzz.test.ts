/** The link fuzzer, briefly; `npm run fuzz:links` goes on for as long as wanted. */
import test from 'ava'
import { attack } from './fuzz/campaign.ts'
import type { FuzzTarget } from './fuzz/target.ts'
import { targets } from './fuzz/targets.ts'

for (const target of targets) {
  test(`damaged streams into a decoder: ${target.name}`, (t) => {
    const { crashes, accepted, refusals, messages } = attack(target, 1, 4000)
    t.deepEqual(crashes, [])
    t.true(messages > 0, 'what stands before the damage is decoded')
    t.true(Object.keys(refusals).length >= 2, Object.keys(refusals).join(', '))
    if (target.reseal !== undefined) t.true(accepted > 100, 'damage behind right checksums gets through to the fields')
  })
}

test('the fuzzer sees a decoder that crashes', (t) => {
  const [good] = targets
  const fragile: FuzzTarget = {
    ...good, feed: (pieces) => {
      if (pieces.some((piece) => piece.length > 0 && piece[0] === 0xff)) throw new TypeError('crashed')
      return good.feed(pieces)
    }
  }
  t.true(attack(fragile, 1, 4000).crashes.length > 0)
})
