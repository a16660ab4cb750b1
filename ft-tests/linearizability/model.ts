/**
 * What the linearizability checker needs to know: a sequential specification and a history of calls.
 */

/** A sequential object: what each call may answer in each state. States are never changed in place. */
export interface Model<State, Input, Output> {
  init(): State
  /**
   * The state after `input`, if answering `output` in `state` is right; null if it is not. An `output` of
   * undefined means that no reply was seen: every answer is possible, and the state after it must not
   * depend on which one it was.
   */
  step(state: State, input: Input, output: Output | undefined): State | null
  equals(a: State, b: State): boolean
  /** Any 32-bit integer; equal states have equal hashes. */
  hash(state: State): number
  /** True if `input` never changes a state: without a reply such a call says nothing and is left out. */
  readsOnly(input: Input): boolean
}

/** One call as its client saw it. Times come from one monotonic clock, in any unit. */
export type Operation<Input, Output> = {
  readonly client: number
  readonly input: Input
  /** Undefined while no reply came: the call may take effect at any time after `invoke`, or never. */
  readonly output: Output | undefined
  /** Taken before the request was written. */
  readonly invoke: number
  /** Taken after the reply was read; Infinity if there was none. */
  readonly return: number
}

export const isPending = (operation: Operation<unknown, unknown>): boolean => operation.return === Infinity

/** Splits a history by the object it touches: a history is linearizable if each part is (locality). */
export function partition<Input, Output>(
  history: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
): Map<string, Operation<Input, Output>[]> {
  const parts = new Map<string, Operation<Input, Output>[]>()
  for (const operation of history) {
    const key = keyOf(operation.input)
    const part = parts.get(key)
    if (part === undefined) parts.set(key, [operation])
    else part.push(operation)
  }
  return parts
}
