/** All that is checked of one round's calls, once they are over. */
import { checkHistory, type CheckResult } from '../linearizability/checker.ts'
import { keyOf, kvModel, type KvInput, type KvOutput } from '../linearizability/kv-model.ts'
import { partition } from '../linearizability/model.ts'
import type { Call, History } from './resp-client.ts'
import { checkValue, noFindings } from './value-checks.ts'

export type CheckLimits = { readonly stepsMax?: number; readonly timeMsMax?: number }

export type Findings = {
  readonly lostAcknowledged: number
  readonly duplicated: number
  /** Keys that were not shown to be linearizable: refuted, undecided within the budget, or with impossible values. */
  readonly nonLinearizable: number
  readonly complaints: readonly string[]
}

/** `finals`: the last call on every key is a GET made when the clients had stopped; only then are final values checked. */
export function checkRound(history: History, finals: boolean, limits: CheckLimits = {}): Findings {
  const values = noFindings()
  const parts = partition(history, keyOf) as Map<string, Call[]>
  if (finals) for (const [key, calls] of parts) checkValue(values, key, calls, calls.at(-1)?.output as string | null)
  const { bad } = checkHistory(kvModel, history, keyOf, { programOrder: true, ...limits })
  return {
    lostAcknowledged: values.lostAcknowledged,
    duplicated: values.duplicated,
    nonLinearizable: Math.max(bad.length, values.impossible),
    complaints: [...values.complaints, ...bad.map(({ key, result }) => explain(key, result))],
  }
}

function explain(key: string, result: CheckResult<KvInput, KvOutput>): string {
  if (result.verdict !== 'illegal') return `${key}: undecided after ${result.steps} steps, which counts as not linearizable`
  const { client, input, output } = result.stuck
  const words = 'value' in input ? `${input.op} ${input.value}` : input.op
  const call = `client ${client}: ${words} -> ${JSON.stringify(output)?.slice(0, 80)}`
  return `${key}: not linearizable: nothing explains ${call} after ${result.ordered} ordered calls`
}
