/**
 * Is there an order of the calls, consistent with their times, in which a sequential object gives just these
 * answers? The search of Wing and Gong with Lowe's cache: take some call that nothing unfinished precedes,
 * step the model, go on; never visit the same set of done calls with the same state twice.
 */
import { isPending, partition, type Model, type Operation } from './model.ts'
import { WindowedBitset, mix, type WindowSnapshot } from './windowed-bitset.ts'

export type CheckOptions = {
  /**
   * One client's calls take effect in the order it made them, as on one connection, even where it did not
   * wait for replies (pipelining). Stricter than linearizability and much cheaper to check.
   */
  readonly programOrder?: boolean
  /** Model steps to spend before answering `unknown`. Default 20 million. */
  readonly stepsMax?: number
  /** Milliseconds to spend before answering `unknown`. Default 60,000. */
  readonly timeMsMax?: number
}

export type CheckResult<Input, Output> =
  | { readonly verdict: 'linearizable'; readonly steps: number }
  /** `stuck`: a call that fits nowhere after the longest order found, which was `ordered` calls long. */
  | { readonly verdict: 'illegal'; readonly steps: number; readonly ordered: number; readonly stuck: Operation<Input, Output> }
  /** The budget ran out first. */
  | { readonly verdict: 'unknown'; readonly steps: number }

const NONE = -1
const STEPS_PER_CLOCK_READING = 8192

/** Checks a history of one object. Calls may come in any order. */
export function checkObject<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): CheckResult<Input, Output> {
  return new Search(model, history, options).run()
}

export type HistoryResult<Input, Output> = {
  readonly verdict: 'linearizable' | 'illegal' | 'unknown'
  readonly steps: number
  /** The keys that were not found linearizable, each with its result. */
  readonly bad: readonly { readonly key: string; readonly result: CheckResult<Input, Output> }[]
}

/** Checks each key's part on its own, within one budget for all; illegal beats unknown. */
export function checkHistory<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
  options: CheckOptions = {},
): HistoryResult<Input, Output> {
  const deadline = performance.now() + (options.timeMsMax ?? 60_000)
  const stepsMax = options.stepsMax ?? 20_000_000
  const bad: { key: string; result: CheckResult<Input, Output> }[] = []
  let steps = 0
  for (const [key, part] of partition(history, keyOf)) {
    const left = { ...options, stepsMax: stepsMax - steps, timeMsMax: deadline - performance.now() }
    const result = checkObject(model, part, left)
    steps += result.steps
    if (result.verdict !== 'linearizable') bad.push({ key, result })
  }
  const illegal = bad.some(({ result }) => result.verdict === 'illegal')
  return { verdict: illegal ? 'illegal' : bad.length > 0 ? 'unknown' : 'linearizable', steps, bad }
}

type Seen<State> = {
  readonly done: WindowSnapshot
  readonly open: WindowSnapshot
  readonly state: State
  readonly next: Seen<State> | undefined
}

/**
 * The events of a history as one doubly linked list in time order. Event `i` is the call of operation `i`,
 * event `i + count` its return; a pending operation has no return. Lifting an operation takes both out.
 */
class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>
  readonly #operations: readonly Operation<Input, Output>[]
  readonly #answered: number
  readonly #stepsMax: number
  readonly #deadline: number
  readonly #next: Int32Array
  readonly #previous: Int32Array
  /** The same client's call before this one, or NONE. */
  readonly #after: Int32Array
  readonly #done: WindowedBitset
  /** Pending operations taken as having happened: apart, so that they don't hold the window open. */
  readonly #open: WindowedBitset
  readonly #seen = new Map<number, Seen<State>>()
  #steps = 0

  constructor(model: Model<State, Input, Output>, history: readonly Operation<Input, Output>[], options: CheckOptions) {
    this.#model = model
    const telling = history.filter((operation) => !isPending(operation) || !model.readsOnly(operation.input))
    this.#operations = [...telling.filter((o) => !isPending(o)).sort(byInvoke), ...telling.filter(isPending).sort(byInvoke)]
    this.#answered = telling.filter((o) => !isPending(o)).length
    this.#stepsMax = options.stepsMax ?? 20_000_000
    this.#deadline = performance.now() + (options.timeMsMax ?? 60_000)
    const count = this.#operations.length
    this.#done = new WindowedBitset(this.#answered)
    this.#open = new WindowedBitset(count - this.#answered)
    this.#after = options.programOrder === true ? predecessors(this.#operations) : new Int32Array(count).fill(NONE)
    // The head of the list is event 2 * count, so that every real event has a predecessor.
    this.#next = new Int32Array(2 * count + 1).fill(NONE)
    this.#previous = new Int32Array(2 * count + 1).fill(NONE)
    let last = 2 * count
    for (const event of eventsInTime(this.#operations)) {
      this.#next[last] = event
      this.#previous[event] = last
      last = event
    }
  }

  run(): CheckResult<Input, Output> {
    const head = 2 * this.#operations.length
    const taken: number[] = []
    const states: State[] = [this.#model.init()]
    let answeredLeft = this.#answered
    let longest = -1
    let stuck = this.#operations[0] as Operation<Input, Output>
    let event = this.#next[head] as number
    while (answeredLeft > 0) {
      if (this.#outOfBudget()) return { verdict: 'unknown', steps: this.#steps }
      if (event < this.#operations.length) {
        const state = this.#take(event, states[states.length - 1] as State)
        if (state === null) {
          event = this.#next[event] as number
          continue
        }
        taken.push(event)
        states.push(state)
        if (event < this.#answered) answeredLeft--
        event = this.#next[head] as number
        continue
      }
      // A return with its call still in the list: the call would have to come earlier than it can.
      if (taken.length > longest) {
        longest = taken.length
        stuck = this.#operations[event - this.#operations.length] as Operation<Input, Output>
      }
      const undo = taken.pop()
      if (undo === undefined) return { verdict: 'illegal', steps: this.#steps, ordered: longest, stuck }
      states.pop()
      if (undo < this.#answered) answeredLeft++
      this.#putBack(undo)
      event = this.#next[undo] as number
    }
    return { verdict: 'linearizable', steps: this.#steps }
  }

  /** Takes an operation as the next one if the model and the cache allow it; the state after it, or null. */
  #take(index: number, state: State): State | null {
    const before = this.#after[index] as number
    if (before !== NONE && !this.#isTaken(before)) return null
    this.#steps++
    const operation = this.#operations[index] as Operation<Input, Output>
    const after = this.#model.step(state, operation.input, operation.output)
    if (after === null) return null
    this.#mark(index)
    if (!this.#isNew(after)) {
      this.#unmark(index)
      return null
    }
    this.#unlink(index)
    if (index < this.#answered) this.#unlink(index + this.#operations.length)
    return after
  }

  /** The reverse of taking it; operations are put back last in, first out, so the old links still fit. */
  #putBack(index: number): void {
    if (index < this.#answered) this.#relink(index + this.#operations.length)
    this.#relink(index)
    this.#unmark(index)
  }

  #isTaken(index: number): boolean {
    return index < this.#answered ? this.#done.has(index) : this.#open.has(index - this.#answered)
  }

  #mark(index: number): void {
    if (index < this.#answered) this.#done.add(index)
    else this.#open.add(index - this.#answered)
  }

  #unmark(index: number): void {
    if (index < this.#answered) this.#done.delete(index)
    else this.#open.delete(index - this.#answered)
  }

  /** Remembers the present set with this state; false if it was known already. */
  #isNew(state: State): boolean {
    const key = this.#done.hash ^ mix(this.#open.hash + 0x5bd1e995) ^ mix(this.#model.hash(state) + 0x2545f491)
    const first = this.#seen.get(key)
    for (let seen = first; seen !== undefined; seen = seen.next) {
      if (this.#model.equals(seen.state, state) && this.#done.matches(seen.done) && this.#open.matches(seen.open)) return false
    }
    this.#seen.set(key, { done: this.#done.snapshot(), open: this.#open.snapshot(), state, next: first })
    return true
  }

  #unlink(event: number): void {
    const [before, after] = [this.#previous[event] as number, this.#next[event] as number]
    this.#next[before] = after
    if (after !== NONE) this.#previous[after] = before
  }

  #relink(event: number): void {
    const [before, after] = [this.#previous[event] as number, this.#next[event] as number]
    this.#next[before] = event
    if (after !== NONE) this.#previous[after] = event
  }

  #outOfBudget(): boolean {
    if (this.#steps >= this.#stepsMax) return true
    return this.#steps % STEPS_PER_CLOCK_READING === 0 && performance.now() > this.#deadline
  }
}

const byInvoke = (a: Operation<unknown, unknown>, b: Operation<unknown, unknown>): number => a.invoke - b.invoke

/** Calls and returns by time; at one instant calls come first, so that touching calls count as concurrent. */
function eventsInTime(operations: readonly Operation<unknown, unknown>[]): number[] {
  const count = operations.length
  const times = Float64Array.from([...operations.map((o) => o.invoke), ...operations.map((o) => o.return)])
  const events = operations.flatMap((operation, index) => (isPending(operation) ? [index] : [index, index + count]))
  return events.sort((a, b) => (times[a] as number) - (times[b] as number) || Number(a >= count) - Number(b >= count) || a - b)
}

/** For every operation the one that the same client called just before it. */
function predecessors(operations: readonly Operation<unknown, unknown>[]): Int32Array {
  const before = new Int32Array(operations.length).fill(NONE)
  const lastOf = new Map<number, number>()
  const inTime = operations.map((_, index) => index).sort((a, b) => byInvoke(operations[a] as never, operations[b] as never))
  for (const index of inTime) {
    const { client } = operations[index] as Operation<unknown, unknown>
    before[index] = lastOf.get(client) ?? NONE
    lastOf.set(client, index)
  }
  return before
}
