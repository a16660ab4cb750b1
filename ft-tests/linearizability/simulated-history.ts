/**
 * Histories that are linearizable by construction: a seeded run of clients against one store, each call
 * taking effect somewhere between its two times. Tests spoil them and see whether the checker notices.
 */
import { type KvInput, type KvOutput } from './kv-model.ts'
import type { Operation } from './model.ts'

export type KvOperation = Operation<KvInput, KvOutput>

export type SimulationOptions = {
  readonly seed: number
  readonly clients: number
  readonly callsPerClient: number
  readonly keys: number
  /** APPENDs start over on a new key when a value has reached this many bytes. */
  readonly appendBytesMax: number
  /** Calls that a client may have open at once (pipelining); they take effect in order. */
  readonly depth: number
}

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

type Plan = { readonly client: number; readonly invoke: number; readonly effect: number; readonly return: number }

/** In order of effect, which is one order that explains all the answers. */
export function simulateHistory(options: SimulationOptions): KvOperation[] {
  const random = seededRandom(options.seed)
  const plans = Array.from({ length: options.clients }, (_, client) => planClient(client, options, random)).flat()
  plans.sort((a, b) => a.effect - b.effect)
  const store = new Map<string, string>()
  return plans.map(({ client, invoke, return: returned }, serial) => {
    const input = chooseInput(options, random, serial, store)
    return { client, input, output: apply(store, input), invoke, return: returned }
  })
}

/** Times rise along a client's calls, for invocation, effect and return each; `depth` calls overlap. */
function planClient(client: number, options: SimulationOptions, random: () => number): Plan[] {
  const plans: Plan[] = []
  let [invoke, effect, returned] = [random(), 0, 0]
  for (let i = 0; i < options.callsPerClient; i++) {
    invoke = Math.max(invoke + 0.01, plans[i - options.depth]?.return ?? 0) + random() * 0.1
    effect = Math.max(invoke, effect) + 0.01 + random()
    returned = Math.max(effect, returned) + 0.01 + random()
    plans.push({ client, invoke, effect, return: returned })
  }
  return plans
}

/** Keeps APPENDed digits inside the integers that the model counts. */
const INTEGER_DIGITS_MAX = 12
const KINDS = ['counter', 'list', 'register', 'mixed'] as const

function chooseInput(options: SimulationOptions, random: () => number, serial: number, store: Map<string, string>): KvInput {
  const index = Math.floor(random() * options.keys)
  const kind = KINDS[index % KINDS.length] as (typeof KINDS)[number]
  const generation = Math.floor(serial / ((options.appendBytesMax / 8) * options.keys))
  const key = `${kind}:${index}${kind === 'list' ? `:${generation}` : ''}`
  const dice = random()
  if (dice < 0.3) return { op: 'GET', key }
  if (kind === 'counter') return { op: 'INCR', key }
  if (kind === 'register') return { op: 'SET', key, value: `v${serial}` }
  if (kind === 'list') return { op: 'APPEND', key, value: `${serial};` }
  if (dice < 0.5 || (store.get(key)?.length ?? 0) > INTEGER_DIGITS_MAX) return { op: 'SET', key, value: String(serial) }
  return dice < 0.8 ? { op: 'INCR', key } : { op: 'APPEND', key, value: dice < 0.9 ? '0' : `${serial};` }
}

/** The store itself, written apart from the checker's model on purpose. */
function apply(store: Map<string, string>, input: KvInput): KvOutput {
  const old = store.get(input.key)
  if (input.op === 'GET') return old ?? null
  if (input.op === 'SET') {
    store.set(input.key, input.value)
    return 'OK'
  }
  if (input.op === 'APPEND') {
    store.set(input.key, `${old ?? ''}${input.value}`)
    return (old?.length ?? 0) + input.value.length
  }
  const number = Number(old ?? '0')
  if (String(number) !== (old ?? '0')) return { error: 'ERR value is not an integer or out of range' }
  store.set(input.key, String(number + 1))
  return number + 1
}
