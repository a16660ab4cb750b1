/** The parts that the campaign stands on: the same seed gives the same case, cases are valid, findings become small. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { builtinGuests } from '../../guest-images/catalogue.ts'
import { admitGuest } from '../../hypervisor/wasm/admit.ts'
import { differenceOf } from './check-case.ts'
import { Coverage } from './coverage.ts'
import { ENGINES } from './engine-kinds.ts'
import { Campaign } from './campaign.ts'
import { ownGuest } from './gen/own-guest.ts'
import { caseOf } from './guests.ts'
import { decodeIr } from './ir/decode-ir.ts'
import { encodeIr } from './ir/encode-ir.ts'
import { PLANTS } from './plants.ts'
import { reduce } from './reduce.ts'
import { TranslateToFuzz } from './wasm-opt.ts'
import { Rng } from '../sim/rng.ts'

test('a module taken apart and put together again is the same module', t => {
  for (const { name, path } of builtinGuests()) {
    const once = encodeIr(decodeIr(readFileSync(path)))
    t.notThrows(() => admitGuest(once), name)
    t.deepEqual(Buffer.from(encodeIr(decodeIr(once))), Buffer.from(once), name)
  }
})

test('the own generator makes valid guests only', t => {
  for (let seed = 0; seed < 300; seed++) t.notThrows(() => admitGuest(encodeIr(ownGuest(new Rng(seed), seed % 3 > 0))), `seed ${seed}`)
})

test('a seed gives the same case again, of both sources', async t => {
  const translator = new TranslateToFuzz()
  for (const seed of [3, 4, 5, 6]) {
    const [one, again] = [await caseOf(seed, translator), await caseOf(seed, translator)]
    t.deepEqual(Buffer.from(one.bytes), Buffer.from(again.bytes))
    t.deepEqual(one.scenario, again.scenario)
    t.notThrows(() => admitGuest(one.bytes))
  }
  translator.close()
})

test('a module that shows a bug becomes small, and still shows it', async t => {
  const { v8, interpreter } = ENGINES
  const planted = [{ ...interpreter, make: PLANTS.rotate.into(interpreter.make), anywhere: false, otherwise: {} }, v8]
  const translator = new TranslateToFuzz()
  const campaign = new Campaign(planted, translator)
  for (let seed = 1; ; seed++) {
    const { fuzzCase, mismatch } = await campaign.run(seed)
    if (mismatch === undefined) continue
    const field = { contenders: planted, naive: new Coverage().make }
    const fails = async (bytes: Uint8Array): Promise<boolean> =>
      await differenceOf(bytes, fuzzCase, field, mismatch.comparison) !== undefined
    const small = encodeIr(await reduce(fuzzCase.module, fails, 20_000))
    t.true(await fails(small))
    t.true(small.length < fuzzCase.bytes.length / 2, `${small.length} of ${fuzzCase.bytes.length} bytes`)
    break
  }
  translator.close()
})
