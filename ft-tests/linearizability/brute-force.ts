/**
 * The definition of linearizability, word by word and with no cleverness: the checker's twin for small
 * histories. Some order of the answered calls and of some of the pending ones respects time and the model.
 */
import { isPending, type Model, type Operation } from './model.ts'

/** Exponential in the number of calls: about seven is practical. */
export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  programOrder = false,
): boolean {
  const pending = history.filter(isPending)
  for (let choice = 0; choice < 1 << pending.length; choice++) {
    const happened = history.filter((o) => !isPending(o) || ((choice >> pending.indexOf(o)) & 1) === 1)
    for (const order of permutations(happened)) {
      if (respectsTime(order) && (!programOrder || respectsClients(order, history)) && isLegal(model, order)) return true
    }
  }
  return false
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield []
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}

/** No call stands after one that was made only when it had returned. */
function respectsTime(order: readonly Operation<unknown, unknown>[]): boolean {
  return order.every((first, index) => order.slice(index + 1).every((later) => later.return >= first.invoke))
}

/** Each client's calls stand in the order made, and none of them without all the client's calls before it. */
function respectsClients(order: readonly Operation<unknown, unknown>[], history: typeof order): boolean {
  return order.every((operation, index) => {
    const earlier = history.filter((o) => o.client === operation.client && o.invoke < operation.invoke)
    return earlier.every((o) => order.slice(0, index).includes(o))
  })
}

function isLegal<State, Input, Output>(model: Model<State, Input, Output>, order: readonly Operation<Input, Output>[]): boolean {
  let state = model.init()
  for (const operation of order) {
    const after = model.step(state, operation.input, operation.output)
    if (after === null) return false
    state = after
  }
  return true
}
