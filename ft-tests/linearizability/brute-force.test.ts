import test from 'ava'
import fc from '../properties.ts'
import { isLinearizable } from './brute-force.ts'
import { checkObject } from './checker.ts'
import { kvModel, type KvInput, type KvOutput } from './kv-model.ts'
import { simulateHistory, type KvOperation } from './simulated-history.ts'

const key = 'k'
const value = fc.constantFrom('0', '1')
const input: fc.Arbitrary<KvInput> = fc.oneof(
  fc.constant({ op: 'GET', key } as const),
  fc.constant({ op: 'INCR', key } as const),
  value.map((v) => ({ op: 'SET', key, value: v }) as const),
  value.map((v) => ({ op: 'APPEND', key, value: v }) as const),
)

/** Answers that are often possible, so that both verdicts come up. */
function outputOf(called: KvInput, dice: number): KvOutput {
  if (called.op === 'SET') return 'OK'
  if (called.op === 'GET') return [null, '0', '1', '01', '10', '2'][dice % 6] as KvOutput
  if (called.op === 'INCR') return (dice % 3) + 1
  return (dice % 2) + 1
}

const call = fc.record({ client: fc.nat(2), input, dice: fc.nat(5), wait: fc.nat(3), takes: fc.nat(6), open: fc.nat(6) })

/** Each client's calls start in order, up to two at a time (a pipeline); a client with an open call stops. */
const history: fc.Arbitrary<KvOperation[]> = fc.array(call, { minLength: 1, maxLength: 6 }).map((calls) => {
  const clock = [0, 0, 0]
  const stopped = [false, false, false]
  return calls.flatMap(({ client, input: called, dice, wait, takes, open }): KvOperation[] => {
    if (stopped[client]) return []
    const invoke = (clock[client] as number) + wait + 0.25
    clock[client] = invoke + takes / 2
    stopped[client] = open === 0
    const answered = { output: outputOf(called, dice), return: invoke + takes + 0.5 }
    return [{ client, input: called, invoke, ...(open === 0 ? { output: undefined, return: Infinity } : answered) }]
  })
})

for (const programOrder of [false, true]) {
  test(`agrees with the definition on 4000 small random histories${programOrder ? ', in program order' : ''}`, (t) => {
    const count = { linearizable: 0, illegal: 0, unknown: 0 }
    fc.assert(
      fc.property(history, (operations) => {
        const { verdict } = checkObject(kvModel, operations, { programOrder })
        count[verdict]++
        return verdict === (isLinearizable(kvModel, operations, programOrder) ? 'linearizable' : 'illegal')
      }),
      { numRuns: 4000 },
    )
    t.true(count.linearizable > 400 && count.illegal > 400, `one-sided histories: ${JSON.stringify(count)}`)
  })
}

/** Real histories of one store with one answer changed: closer to the border than random ones. */
test('agrees with the definition on 1500 simulated histories, each sound or with one answer spoilt', (t) => {
  const count = { linearizable: 0, illegal: 0, unknown: 0 }
  const victim = { victim: fc.nat(5), sound: fc.boolean(), dice: fc.nat(5) }
  const spoil = fc.record({ seed: fc.integer(), keys: fc.constantFrom(1, 2, 4), ...victim })
  fc.assert(
    fc.property(spoil, ({ seed, keys, victim, sound, dice }) => {
      const all = simulateHistory({ seed, clients: 3, callsPerClient: 2, keys, appendBytesMax: 64, depth: 2 })
      const one = all.map((o, i) => (sound || i !== victim ? o : { ...o, output: outputOf(o.input, dice) }))
      const part = one.filter((o) => o.input.key === one[0]?.input.key)
      const { verdict } = checkObject(kvModel, part)
      count[verdict]++
      return verdict === (isLinearizable(kvModel, part) ? 'linearizable' : 'illegal') && (!sound || verdict === 'linearizable')
    }),
    { numRuns: 1500 },
  )
  t.true(count.linearizable > 100 && count.illegal > 100, `one-sided histories: ${JSON.stringify(count)}`)
})
