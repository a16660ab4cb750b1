/**
 * Histories drawn as text, a line a client, for tests that read as pictures:
 *
 *     a  [set 1  ]   [get 1]
 *     b      [incr 2      ]
 *     c          [append 7 >
 *
 * A bracket's column is its time; `>` instead of `]` is a call that got no answer. Words: `set VALUE`,
 * `get VALUE|nil`, `incr NUMBER`, `append TOKEN LENGTH`; a missing answer is left out after `>`.
 */
import type { KvOperation } from './simulated-history.ts'
import type { KvInput, KvOutput } from './kv-model.ts'

const KEY = 'k'

/** @throws Error on a word it doesn't know. */
export function parseHistory(picture: string): KvOperation[] {
  const lines = picture.split('\n').filter((line) => line.trim() !== '')
  return lines.flatMap((line, client) => [...line.matchAll(/\[([^\]>]*)([\]>])/g)].map((match) => parseCall(match, client)))
}

function parseCall(match: RegExpMatchArray, client: number): KvOperation {
  const [whole, inside, end] = match as unknown as [string, string, string]
  const pending = end === '>'
  const [input, output] = parseWords(inside.trim().split(/\s+/), pending)
  const invoke = match.index as number
  const returned = invoke + whole.length - 1
  return { client, input, output: pending ? undefined : output, invoke, return: pending ? Infinity : returned }
}

function parseWords(words: readonly string[], pending: boolean): [KvInput, KvOutput] {
  const [op, first = '', second = ''] = words
  if (op === 'set') return [{ op: 'SET', key: KEY, value: first }, 'OK']
  if (op === 'get') return [{ op: 'GET', key: KEY }, first === 'nil' ? null : first]
  if (op === 'incr') return [{ op: 'INCR', key: KEY }, Number(first)]
  if (op === 'append' && (pending || second !== '')) return [{ op: 'APPEND', key: KEY, value: first }, Number(second)]
  throw new Error(`no such call in a history: ${words.join(' ')}`)
}
