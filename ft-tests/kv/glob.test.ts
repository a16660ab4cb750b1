import test from 'ava'
import fc from '../properties.ts'
import { Pair } from './pair.ts'

const pair = await Pair.start()
test.after.always(() => pair?.stop())

const texts = fc.array(fc.constantFrom('a', 'b', 'c', '-', ']', '[', '^', '\\', '*', '?', '\xff', '\x7f', '\0'), { maxLength: 6 })
const patterns = fc.array(
  fc.constantFrom('*', '**', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'c', '[a-c]', '[^b]',
    '[\\]', '[b-a]', '\xff', '[\x01-\xfe]', '\0'),
  { maxLength: 7 }
)

test.serial('KEYS and SCAN match as in redis-server', async t => {
  if (pair === undefined) {
    t.log('skipped: there is no redis-server here')
    t.pass()
    return
  }
  const cases = fc.tuple(fc.uniqueArray(texts.map(each => each.join('')), { minLength: 1, maxLength: 12 }),
    fc.array(patterns.map(each => each.join('')), { minLength: 1, maxLength: 12 }))
  let matched = 0
  await fc.assert(fc.asyncProperty(cases, async ([keys, globs]) => {
    const script = [['FLUSHALL'], ['MSET', ...keys.flatMap(key => [key, 'v'])], ...globs.map(glob => ['KEYS', glob])]
    const { guest, redis } = await pair.ask(script)
    redis.forEach((reply, i) => {
      if (reply.startsWith('unordered')) matched++
      const what = `${JSON.stringify(script[i])} on ${JSON.stringify(keys)}`
      if (guest[i] !== reply) throw new Error(`${what}: guest ${guest[i]}, redis ${reply}`)
    })
  }), { numRuns: Number(process.env.FT_RUNS ?? 400), seed: Number(process.env.FT_SEED ?? 5) })
  t.true(matched > 100)
})
