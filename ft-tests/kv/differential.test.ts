import test from 'ava'
import fc from '../properties.ts'
import { anyCommand } from './arbitrary-commands.ts'
import { Pair } from './pair.ts'

const pair = await Pair.start()
test.after.always(() => pair?.stop())

test.serial('generated scripts get the same replies, byte for byte, as from redis-server', async t => {
  if (pair === undefined) {
    t.log('skipped: there is no redis-server here')
    t.pass()
    return
  }
  const script = fc.array(anyCommand, { minLength: 1, maxLength: 200, size: 'max' })
  await fc.assert(fc.asyncProperty(script, async commands => {
    const { guest, redis } = await pair.ask([['FLUSHALL'], ...commands])
    for (let i = 0; i < redis.length; i++) {
      if (guest[i] !== redis[i]) {
        const request = i === 0 ? ['FLUSHALL'] : commands[i - 1]
        throw new Error(`${JSON.stringify(request)}: guest ${JSON.stringify(guest[i])}, redis ${JSON.stringify(redis[i])}`)
      }
    }
    if (guest.length !== redis.length) throw new Error(`${guest.length} replies from the guest, ${redis.length} from redis`)
  }), { numRuns: Number(process.env.FT_RUNS ?? 400), seed: Number(process.env.FT_SEED ?? 7) })
  t.pass()
})
