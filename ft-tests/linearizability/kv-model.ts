/**
 * One key of a string store with GET, SET, APPEND and INCR, answering as Redis does. Strings hold one byte a
 * character (latin1), so that a length is a number of bytes.
 */
import type { Model } from './model.ts'

export type KvInput =
  | { readonly op: 'GET'; readonly key: string }
  | { readonly op: 'INCR'; readonly key: string }
  | { readonly op: 'SET'; readonly key: string; readonly value: string }
  | { readonly op: 'APPEND'; readonly key: string; readonly value: string }

/** A status or bulk string, an integer, nil, or an error's text. */
export type KvOutput = string | number | null | { readonly error: string }

export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range'

/**
 * A value of the key; null where there is no key. Interned: one search has one object for each value, so
 * that comparing states is comparing references and a step that was made before is a look-up.
 */
export type KvState = {
  readonly value: string | null
  readonly id: number
  readonly interned: Map<string | null, KvState>
  readonly appended: Map<string, KvState>
}

export const kvModel: Model<KvState, KvInput, KvOutput> = {
  init: () => intern(new Map(), null),
  step,
  equals: (a, b) => a === b,
  hash: (state) => state.id,
  readsOnly: (input) => input.op === 'GET',
}

export const keyOf = (input: KvInput): string => input.key

function intern(interned: Map<string | null, KvState>, value: string | null): KvState {
  const known = interned.get(value)
  if (known !== undefined) return known
  const state = { value, id: interned.size, interned, appended: new Map<string, KvState>() }
  interned.set(value, state)
  return state
}

function step(state: KvState, input: KvInput, output: KvOutput | undefined): KvState | null {
  switch (input.op) {
    case 'GET':
      return output === undefined || output === state.value ? state : null
    case 'SET':
      return output === undefined || output === 'OK' ? intern(state.interned, input.value) : null
    case 'APPEND':
      if (output !== undefined && output !== (state.value ?? '').length + input.value.length) return null
      return append(state, input.value)
    case 'INCR':
      return increment(state, output)
  }
}

function append(state: KvState, value: string): KvState {
  const known = state.appended.get(value)
  if (known !== undefined) return known
  const after = intern(state.interned, (state.value ?? '') + value)
  state.appended.set(value, after)
  return after
}

/** @throws RangeError beyond 2^53, where this model's numbers end. */
function increment(state: KvState, output: KvOutput | undefined): KvState | null {
  const text = state.value ?? '0'
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) {
    return output === undefined || isError(output, NOT_AN_INTEGER) ? state : null
  }
  const incremented = Number(text) + 1
  if (!Number.isSafeInteger(incremented)) throw new RangeError(`INCR on ${text}: the model counts to 2^53 only`)
  if (output !== undefined && output !== incremented) return null
  return intern(state.interned, String(incremented))
}

function isError(output: KvOutput, text: string): boolean {
  return output !== null && typeof output === 'object' && output.error === text
}
