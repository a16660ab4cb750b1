import test from 'ava'
import fc from '../properties.ts'
import { Pair } from './pair.ts'

const pair = await Pair.start()
test.after.always(() => pair?.stop())

const digits = (max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map(each => each.join(''))
const sign = fc.constantFrom('', '-', '+')
const exponent = fc.oneof(
  fc.constant(''),
  fc.integer({ min: -30, max: 30 }).map(each => `e${each}`),
  fc.integer({ min: -5100, max: 5100 }).map(each => `E${each}`)
)
const decimal = fc.tuple(sign, digits(25), fc.oneof(fc.constant(''), digits(30).map(each => `.${each}`)), exponent)
const hexadecimal = fc.tuple(
  sign, fc.constantFrom('0x', '0X'),
  fc.bigInt({ min: 0n, max: 2n ** 80n }).map(each => each.toString(16)),
  fc.constantFrom('', '.8', '.', '.0001'),
  fc.oneof(fc.constant(''), fc.integer({ min: -16500, max: 16500 }).map(each => `p${each}`))
)
/** Just beside a rounding boundary of the 64-bit mantissa, or on it. */
const tie = fc.tuple(
  sign, fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 1n }), fc.constantFrom('.5', '.4999999999999999999', '.50000000000001', '')
)
const long = fc.tuple(sign, fc.integer({ min: 200, max: 5000 }), fc.constantFrom('1', '9', '37', '0'), exponent)
  .map(([minus, length, unit, power]) => minus + unit.repeat(length).slice(0, length) + power)
const number = fc.oneof(
  fc.oneof(decimal, hexadecimal, tie).map(each => each.join('')),
  fc.double({ noNaN: true }).map(String),
  fc.constantFrom('inf', '-Infinity', '0', '-0', '1e-17', '5e-18', '4.9e-18', '0x', 'nan'),
  long
)

test.serial('INCRBYFLOAT prints what redis-server prints: 80-bit sums, 17 decimals', async t => {
  if (pair === undefined) {
    t.log('skipped: there is no redis-server here')
    t.pass()
    return
  }
  let sums = 0
  const cases = fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 60 })
  await fc.assert(fc.asyncProperty(cases, async triples => {
    const script = triples.flatMap(([start, one, two]) =>
      [['SET', 'k', start], ['INCRBYFLOAT', 'k', one], ['INCRBYFLOAT', 'k', two]])
    const { guest, redis } = await pair.ask(script)
    redis.forEach((reply, i) => {
      if (reply.startsWith('$')) sums++
      const sum = JSON.stringify(script.slice(i - i % 3, i + 1))
      if (guest[i] !== reply) throw new Error(`${sum}: guest ${guest[i]}, redis ${reply}`)
    })
  }), { numRuns: Number(process.env.FT_RUNS ?? 300), seed: Number(process.env.FT_SEED ?? 11) })
  t.log(`${sums} sums agree`)
  t.true(sums > 1000)
})
