import test from 'ava'
import { checkHistory, checkObject } from './checker.ts'
import { keyOf, kvModel, type KvInput } from './kv-model.ts'
import { seededRandom, simulateHistory, type KvOperation, type SimulationOptions } from './simulated-history.ts'

const SMALL: SimulationOptions = { seed: 1, clients: 8, callsPerClient: 500, keys: 24, appendBytesMax: 200, depth: 4 }

const check = (history: readonly KvOperation[]) => checkHistory(kvModel, history, keyOf, { programOrder: true })

test('400,000 mixed calls of 8 pipelining clients on 100 keys', (t) => {
  const history = simulateHistory({ seed: 7, clients: 8, callsPerClient: 50_000, keys: 100, appendBytesMax: 600, depth: 8 })
  const start = performance.now()
  const result = check(history)
  t.is(result.verdict, 'linearizable')
  t.log(`${history.length} calls, ${result.steps} steps, ${Math.round(performance.now() - start)} ms`)
})

type Planted = { readonly op: KvInput['op']; readonly spoil: (history: KvOperation[], at: number) => KvOperation[] }

/** Spoils one call in the middle of a sound history; the change is against the model whatever the order. */
const PLANTED: Readonly<Record<string, Planted>> = {
  'a stale read': { op: 'GET', spoil: (history, at) => replace(history, at, { output: staleValue(history, at) }) },
  'a lost write': { op: 'APPEND', spoil: (history, at) => withoutEffect(history, at) },
  'an increment told twice': { op: 'INCR', spoil: (history, at) => replace(history, at, { output: numberOf(history, at) - 1 }) },
  'a double increment': { op: 'INCR', spoil: (history, at) => shiftCounter(history, at) },
  'reordered appends': { op: 'APPEND', spoil: (history, at) => swapAppends(history, at) },
}

for (const [name, { op, spoil }] of Object.entries(PLANTED)) {
  test(`catches ${name} planted in 4,000 calls, wherever it is`, (t) => {
    for (let seed = 1; seed <= 10; seed++) {
      const history = simulateHistory({ ...SMALL, seed })
      t.is(check(history).verdict, 'linearizable', `seed ${seed}`)
      const victim = chooseVictim(history, op, seededRandom(seed))
      const result = check(spoil(history, victim))
      t.is(result.verdict, 'illegal', `seed ${seed}, call ${victim}`)
      t.deepEqual(result.bad.map(({ key }) => key), [keyOf((history[victim] as KvOperation).input)])
    }
  })
}

test('pending calls, taken or not, do not spoil a sound history', (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const history = simulateHistory({ ...SMALL, seed })
    const cut = Math.max(...history.map((o) => o.return)) * 0.9
    const started = history.filter((o) => o.invoke < cut)
    const crashed = started.map((o) => (o.return < cut ? o : { ...o, output: undefined, return: Infinity }))
    t.true(crashed.some((o) => o.return === Infinity))
    t.is(check(crashed).verdict, 'linearizable', `seed ${seed}`)
  }
})

/** Blind writes by many clients and a read of a value that none of them wrote: every order must be tried. */
function hardHistory(writers: number): KvOperation[] {
  const write = (client: number): KvOperation => ({
    client, input: { op: 'APPEND', key: 'k', value: `${client};` }, output: undefined, invoke: client, return: Infinity,
  })
  const read: KvOperation = { client: writers, input: { op: 'GET', key: 'k' }, output: 'nobody', invoke: 1000, return: 1001 }
  return [...Array.from({ length: writers }, (_, client) => write(client)), read]
}

test('says unknown when its budget of steps or of time runs out', (t) => {
  const hard = hardHistory(40)
  t.deepEqual(checkObject(kvModel, hard, { stepsMax: 10_000 }), { verdict: 'unknown', steps: 10_000 })
  t.is(checkObject(kvModel, hard, { timeMsMax: 50 }).verdict, 'unknown')
  t.is(checkObject(kvModel, hardHistory(5)).verdict, 'illegal')
})

test('a budget spent on one key leaves the next keys unknown, and illegal beats unknown', (t) => {
  const good = simulateHistory({ ...SMALL, callsPerClient: 10, keys: 1 })
  t.is(checkHistory(kvModel, [...hardHistory(40), ...good], keyOf, { stepsMax: 10_000 }).verdict, 'unknown')
  const bad: KvOperation = { client: 0, input: { op: 'GET', key: 'bad' }, output: 'x', invoke: 0, return: 1 }
  t.is(checkHistory(kvModel, [bad, ...hardHistory(40)], keyOf, { stepsMax: 10_000 }).verdict, 'illegal')
})

test('equal hashes of different states and sets do not confuse the cache', (t) => {
  const clumsy: typeof kvModel = { ...kvModel, hash: () => 0 }
  const history = simulateHistory({ ...SMALL, callsPerClient: 100 })
  t.is(checkHistory(clumsy, history, keyOf).verdict, 'linearizable')
})

function replace(history: KvOperation[], at: number, change: Partial<KvOperation>): KvOperation[] {
  return history.with(at, { ...(history[at] as KvOperation), ...change })
}

const numberOf = (history: KvOperation[], at: number): number => (history[at] as KvOperation).output as number

/** Calls on a key before (or after) one, in order of effect. */
const onKey = (history: KvOperation[], at: number): number[] =>
  history.flatMap((o, i) => (keyOf(o.input) === keyOf((history[at] as KvOperation).input) ? [i] : []))

/** Two writes on the read's key, one wholly after the other and both wholly before the read. */
function overwritten(history: KvOperation[], at: number): [KvOperation, KvOperation] | undefined {
  const before = onKey(history, at).map((i) => history[i] as KvOperation)
    .filter((o) => o.input.op === 'SET' && o.return < (history[at] as KvOperation).invoke)
  const newer = before.at(-1)
  const older = before.findLast((o) => o.return < (newer as KvOperation).invoke)
  return older === undefined ? undefined : [older, newer as KvOperation]
}

function staleValue(history: KvOperation[], at: number): string {
  const [older] = overwritten(history, at) as [KvOperation, KvOperation]
  return (older.input as { value: string }).value
}

/** The append was acknowledged, but later calls answer as if it had never been. */
function withoutEffect(history: KvOperation[], at: number): KvOperation[] {
  const lost = history[at] as KvOperation
  const token = (lost.input as { value: string }).value
  const later = new Set(onKey(history, at).filter((i) => i > at))
  return history.map((o, i) => {
    if (!later.has(i)) return o
    if (typeof o.output === 'string') return { ...o, output: o.output.replace(token, '') }
    return { ...o, output: (o.output as number) - token.length }
  })
}

/** From this INCR on, every answer on the key is one higher: it was applied twice. */
function shiftCounter(history: KvOperation[], at: number): KvOperation[] {
  const later = new Set(onKey(history, at).filter((i) => i >= at))
  return history.map((o, i) => {
    if (!later.has(i)) return o
    return { ...o, output: typeof o.output === 'string' ? String(Number(o.output) + 1) : (o.output as number) + 1 }
  })
}

/** Reads after two appends show the second before the first, against the lengths that were answered. */
function swapAppends(history: KvOperation[], at: number): KvOperation[] {
  const keys = onKey(history, at)
  const first = (history[at] as KvOperation).input as { value: string }
  const next = keys.find((i) => i > at && history[i]?.input.op === 'APPEND') as number
  const second = (history[next] as KvOperation).input as { value: string }
  const later = new Set(keys.filter((i) => i > next))
  const swapped = (text: string): string => text.replace(first.value + second.value, second.value + first.value)
  return history.map((o, i) => (later.has(i) && typeof o.output === 'string' ? { ...o, output: swapped(o.output) } : o))
}

/** A call of the kind with enough around it on its key that spoiling it must show. */
function chooseVictim(history: KvOperation[], op: KvInput['op'], random: () => number): number {
  const plain = { GET: 'register', INCR: 'counter', APPEND: 'list', SET: 'register' }[op]
  const able = history.flatMap((o, i) => (o.input.op === op && keyOf(o.input).startsWith(`${plain}:`) ? [i] : []))
  for (;;) {
    const victim = able[Math.floor(random() * able.length)] as number
    if (showsWhenSpoilt(history, victim)) return victim
  }
}

function showsWhenSpoilt(history: KvOperation[], at: number): boolean {
  const victim = history[at] as KvOperation
  const keys = onKey(history, at)
  if (victim.input.op === 'INCR') return keys.some((i) => i < at && history[i]?.input.op === 'INCR')
  if (victim.input.op === 'GET') return overwritten(history, at) !== undefined
  const next = keys.find((i) => i > at && history[i]?.input.op === 'APPEND')
  return next !== undefined && keys.some((i) => i > next && history[i]?.input.op === 'GET')
}
