/** A few seeds of `npm run fuzz:engines`, and that the campaign sees bugs. */
import test from 'ava'
import { Campaign } from '../fuzz/campaign.ts'
import { ENGINES } from '../fuzz/engine-kinds.ts'
import { hunt } from '../fuzz/plant-hunt.ts'
import { TranslateToFuzz } from '../fuzz/wasm-opt.ts'

const engines = Object.keys(ENGINES)

test('random modules show the same on every engine', async t => {
  const translator = new TranslateToFuzz()
  const campaign = new Campaign(Object.values(ENGINES), translator)
  for (let seed = 1; seed <= 50; seed++) {
    const { mismatch } = await campaign.run(seed)
    t.is(mismatch, undefined, `seed ${seed}`)
  }
  translator.close()
  const { modules, opcodes } = campaign.report()
  t.deepEqual(modules, { binaryen: 25, own: 25 })
  t.true(opcodes.covered > 200, `${opcodes.covered} opcodes`)
})

test('without canonical NaNs, differences are seen', async t => {
  const translator = new TranslateToFuzz()
  const { seedsToFind } = await hunt('nan-off', 'v8', { seeds: 200, from: 1, engines, simd: true }, translator)
  t.not(seedsToFind, undefined)
  translator.close()
})

for (const plant of ['late-stop', 'rotate']) {
  test(`${plant}, planted in any engine, is found`, async t => {
    const translator = new TranslateToFuzz()
    for (const engine of engines) {
      const { seedsToFind } = await hunt(plant, engine, { seeds: 100, from: 1, engines, simd: true }, translator)
      t.not(seedsToFind, undefined, engine)
    }
    translator.close()
  })
}
