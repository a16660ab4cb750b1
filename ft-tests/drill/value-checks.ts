/**
 * What the final value of each key says about the calls on it, worked out without the linearizability
 * checker: counts for counters, tokens for lists, the last write for registers.
 */
import type { Call } from './resp-client.ts'
import { decodeTokens, kindOf } from './workload.ts'

export type ValueFindings = {
  /** Effects that a client was told of and that are gone. */
  lostAcknowledged: number
  /** Effects there more often than asked for. */
  duplicated: number
  /** Values or orders that no run of the calls explains. */
  impossible: number
  readonly complaints: string[]
}

export const noFindings = (): ValueFindings => ({ lostAcknowledged: 0, duplicated: 0, impossible: 0, complaints: [] })

type Counts = { readonly lost?: number; readonly twice?: number; readonly impossible?: number }

/** Calls on one key, in the order made, with its last value, which was read when all had been answered or given up. */
export function checkValue(findings: ValueFindings, key: string, calls: readonly Call[], final: string | null): void {
  const counts = countsFor(key, calls, final)
  const { lost = 0, twice = 0, impossible = 0 } = counts
  findings.lostAcknowledged += lost
  findings.duplicated += twice
  findings.impossible += impossible
  if (lost + twice + impossible === 0) return
  const shown = JSON.stringify(final).slice(0, 80)
  findings.complaints.push(`${key}: ${lost} lost, ${twice} duplicated, ${impossible} impossible (final value ${shown})`)
}

function countsFor(key: string, calls: readonly Call[], final: string | null): Counts {
  switch (kindOf(key)) {
    case 'counter': return checkCounter(calls, final)
    case 'list': return checkList(calls, final)
    case 'register': return checkRegister(calls, final)
    // Mixtures have no simple invariant: for them there is the linearizability checker.
    case 'number':
    case 'text': return {}
  }
}

const isAnswered = (call: Call): boolean => call.return !== Infinity

/**
 * Every acknowledged INCR was told a number of its own, up to the final one. A number told twice, or above
 * the final one, is an effect lost; one told to nobody, and not owed to a pending call, is an effect too many.
 */
function checkCounter(calls: readonly Call[], final: string | null): Counts {
  const increments = calls.filter((call) => call.input.op === 'INCR')
  const told = increments.filter(isAnswered).map((call) => call.output as number)
  const pending = increments.length - told.length
  const last = Number(final ?? 0)
  if (!Number.isSafeInteger(last) || last < 0) return { impossible: 1 }
  const distinct = new Set(told)
  const within = [...distinct].filter((number) => number >= 1 && number <= last).length
  const above = Math.max(0, ...distinct) - last
  return { lost: told.length - distinct.size + Math.max(0, above), twice: Math.max(0, last - within - pending) }
}

/** Every acknowledged token is there once, where its reply said, each client's in the order sent; nothing else is. */
function checkList(calls: readonly Call[], final: string | null): Counts {
  const tokens = decodeTokens(final ?? '')
  if (tokens === null) return { impossible: 1 }
  const appends = calls.filter((call) => call.input.op === 'APPEND')
  const byToken = new Map(appends.map((call) => [(call.input as { value: string }).value, call]))
  const seen = new Set<string>()
  const lastOf = new Map<number, number>()
  let [end, twice, impossible] = [0, 0, 0]
  for (const { text, client, serial } of tokens) {
    end += text.length
    const call = byToken.get(text)
    if (seen.has(text)) twice++
    else if (call === undefined || serial < (lastOf.get(client) ?? 0) || (isAnswered(call) && call.output !== end)) impossible++
    seen.add(text)
    lastOf.set(client, serial)
  }
  const lost = [...byToken].filter(([token, call]) => isAnswered(call) && !seen.has(token)).length
  return { lost, twice, impossible }
}

/** The final value is one that was written, and no acknowledged write came wholly after it. */
function checkRegister(calls: readonly Call[], final: string | null): Counts {
  const writes = calls.filter((call) => call.input.op === 'SET')
  const acknowledged = writes.filter(isAnswered)
  if (final === null) return { lost: acknowledged.length > 0 ? 1 : 0 }
  const shown = writes.find((call) => (call.input as { value: string }).value === final)
  if (shown === undefined) return { impossible: 1 }
  return { lost: acknowledged.some((call) => call.invoke > shown.return) ? 1 : 0 }
}
