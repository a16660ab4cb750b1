/**
 * What the clients ask for: a seeded mix of GET with INCR on counters, APPEND on lists, SET of unique values
 * on registers, and mixtures on keys of two more kinds. A key belongs to one small group of clients: few enough
 * that its history can be checked, enough that they contend for it.
 */
import type { KvInput } from '../linearizability/kv-model.ts'

export type WorkloadOptions = {
  /** Clients that share keys. */
  readonly groupSize: number
  /** Keys of each kind that a group uses at one time. */
  readonly keysPerKind: number
  /** Share of GETs, 0 to 1. */
  readonly getShare: number
  /** APPENDs to a list before the group goes on to a new one: bounds the length of values. */
  readonly appendsPerList: number
}

export const WORKLOAD: WorkloadOptions = { groupSize: 4, keysPerKind: 4, getShare: 0.3, appendsPerList: 64 }

/** A number takes SET and INCR, a text SET and APPEND; the other kinds one command each. All take GET. */
export const KINDS = ['counter', 'list', 'register', 'number', 'text'] as const
export type Kind = (typeof KINDS)[number]

/** The kind is the part of the key before the first colon. */
export const kindOf = (key: string): Kind => key.slice(0, key.indexOf(':')) as Kind

/** An appended token names its client and counts up: `c3.17;`. */
export const encodeToken = (client: number, serial: number): string => `c${client}.${serial};`

/** The tokens of a list's value in order; null if it isn't made of whole tokens. */
export function decodeTokens(value: string): { text: string; client: number; serial: number }[] | null {
  const matches = [...value.matchAll(/c(\d+)\.(\d+);/g)]
  const tokens = matches.map(([text, client, serial]) => ({ text, client: Number(client), serial: Number(serial) }))
  return tokens.reduce((length, { text }) => length + text.length, 0) === value.length ? tokens : null
}

export class Workload {
  /** Every key that was written or read, for the final reads. */
  readonly keys = new Set<string>()
  readonly #options: WorkloadOptions
  readonly #random: () => number
  readonly #appends = new Map<string, number>()
  #serial = 0

  constructor(options: WorkloadOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  next(client: number): KvInput {
    const kind = KINDS[this.#below(KINDS.length)] as Kind
    const key = this.#keyFor(kind, Math.floor(client / this.#options.groupSize))
    this.keys.add(key)
    if (this.#random() < this.#options.getShare) return { op: 'GET', key }
    return this.#write(kind, key, client)
  }

  #write(kind: Kind, key: string, client: number): KvInput {
    const serial = ++this.#serial
    if (kind === 'counter') return { op: 'INCR', key }
    if (kind === 'register') return { op: 'SET', key, value: `c${client}.${serial}` }
    if (kind === 'list') {
      this.#appends.set(key, (this.#appends.get(key) ?? 0) + 1)
      return { op: 'APPEND', key, value: encodeToken(client, serial) }
    }
    if (kind === 'number') return this.#random() < 0.5 ? { op: 'SET', key, value: String(serial) } : { op: 'INCR', key }
    if (this.#random() < 0.25) return { op: 'SET', key, value: `s${serial};` }
    return { op: 'APPEND', key, value: encodeToken(client, serial) }
  }

  #keyFor(kind: Kind, group: number): string {
    const slot = `${kind}:${group}.${this.#below(this.#options.keysPerKind)}`
    if (kind !== 'list') return slot
    const generation = this.#appends.get(slot) ?? 0
    const key = `${slot}.${generation}`
    if ((this.#appends.get(key) ?? 0) < this.#options.appendsPerList) return key
    this.#appends.set(slot, generation + 1)
    return `${slot}.${generation + 1}`
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}
