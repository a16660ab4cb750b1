/** The clients of one round, kept busy: each has up to `pipeline` calls under way, all the time. */
import type { KvInput } from '../linearizability/kv-model.ts'
import { RespClient, type Address, type History } from './resp-client.ts'
import type { Workload } from './workload.ts'

export type LoadOptions = {
  readonly clients: number
  /** Calls that a client has under way at once. */
  readonly pipeline: number
  /** Calls per second of all clients together; 0: as fast as replies come. */
  readonly rateMax: number
}

const TICK_MS = 1
/** A paced client catches up on at most this much after a silence, so that an outage isn't followed by a flood. */
const CATCH_UP_MS = 20

export class Load {
  readonly history: History = []
  readonly #options: LoadOptions
  readonly #workload: Workload
  #clients: RespClient[] = []
  #allowed: number[] = []
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(options: LoadOptions, workload: Workload) {
    this.#options = options
    this.#workload = workload
  }

  get clients(): readonly RespClient[] {
    return this.#clients
  }

  get replies(): number {
    return this.#clients.reduce((sum, client) => sum + client.replies, 0)
  }

  /** @throws the error of the first connection that can't be made */
  async start(address: Address): Promise<void> {
    for (let id = 0; id < this.#options.clients; id++) {
      this.#clients.push(await RespClient.connect(id, address, this.history))
    }
    this.#allowed = this.#clients.map(() => (this.#options.rateMax === 0 ? Infinity : 0))
    this.#running = true
    for (const client of this.#clients) client.onProgress = () => this.#pump(client)
    if (this.#options.rateMax > 0) this.#timer = setInterval(this.#refill(), TICK_MS)
    for (const client of this.#clients) this.#pump(client)
  }

  /** Makes no more calls and waits for the replies to those under way; false if some did not come in time. */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#running = false
    clearInterval(this.#timer)
    return await this.#answered(this.#clients, timeoutMs)
  }

  /** Reads every key once over a connection that works; false if none does, or replies did not come in time. */
  async readAll(timeoutMs: number): Promise<boolean> {
    const reader = this.#clients.find((client) => client.broken === null && client.outstanding === 0)
    if (reader === undefined) return false
    const keys = this.#workload.keys.values()
    const pump = (): void => {
      while (reader.broken === null && reader.outstanding < this.#options.pipeline) {
        const { value: key, done } = keys.next()
        if (done === true) return
        reader.call({ op: 'GET', key } satisfies KvInput)
      }
    }
    reader.onProgress = pump
    pump()
    return await this.#answered([reader], timeoutMs)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  destroy(): void {
    this.#running = false
    clearInterval(this.#timer)
    for (const client of this.#clients) client.destroy()
  }

  #pump(client: RespClient): void {
    const { id } = client
    const hasRoom = (): boolean => client.broken === null && client.outstanding < this.#options.pipeline
    while (this.#running && hasRoom() && (this.#allowed[id] as number) >= 1) {
      this.#allowed[id] = (this.#allowed[id] as number) - 1
      client.call(this.#workload.next(id))
    }
  }

  #refill(): () => void {
    const perMs = this.#options.rateMax / 1000 / this.#options.clients
    const most = Math.max(1, perMs * CATCH_UP_MS)
    let last = performance.now()
    return () => {
      const now = performance.now()
      this.#allowed = this.#allowed.map((allowed) => Math.min(most, allowed + (now - last) * perMs))
      last = now
      for (const client of this.#clients) this.#pump(client)
    }
  }

  async #answered(clients: readonly RespClient[], timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs
    const isAnswered = (): boolean => clients.every((client) => client.broken !== null || client.outstanding === 0)
    while (!isAnswered() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2))
    return isAnswered()
  }
}
