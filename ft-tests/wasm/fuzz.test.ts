/** The fuzzer of the decoder, briefly; `npm run fuzz:decoder` goes on for as long as wanted. */
import test from 'ava'
import { realModules } from './corpus.ts'
import { Campaign, shrink } from './fuzz/campaign.ts'
import { disagreement } from './judge.ts'

test('damaged modules are judged as V8 judges them, and nothing crashes or hangs', t => {
  const campaign = new Campaign(realModules(), 20261121)
  for (let i = 0; i < 2500; i++) campaign.step()
  const { accepted, kinds } = campaign.report
  t.deepEqual(campaign.findings, [])
  t.true(accepted > 100, 'damage that leaves a module valid')
  t.true(kinds > 100, `${kinds} kinds of refusal`)
})

test('the fuzzer sees a crash and a wrong verdict, and makes the module small', t => {
  // As if a byte 0xfc crashed what rewrites modules.
  const campaign = new Campaign(realModules(), 1, bytes => {
    if (bytes.length < 5000 && bytes.includes(0xfc)) throw new TypeError('planted')
    return disagreement(bytes)
  })
  for (let i = 0; i < 300 && campaign.findings.length === 0; i++) campaign.step()
  const [finding] = campaign.report.disagreements
  t.is(finding?.what, 'TypeError: planted')
  t.is(finding.module, 'fc')
})

test('shrinking keeps what shows the fault', t => {
  const both = (bytes: Uint8Array): boolean => bytes.includes(3) && bytes.includes(200)
  const small = shrink(Uint8Array.from({ length: 256 }, (_, i) => i), both)
  t.deepEqual([...small], [3, 200])
})
