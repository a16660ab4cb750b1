import { existsSync, readFileSync } from 'node:fs'
import { buildGuests } from '../../guest-images/build.ts'
import { builtinGuest } from '../../guest-images/catalogue.ts'
import { limitMemory } from './limit-memory.ts'
import { TestConnection } from './test-connection.ts'

export type { TestConnection } from './test-connection.ts'

const E_FAULT = -1
const E_INVALID = -2
const E_CONN = -3
const E_BUSY = -4

const NETWORK = 1
const TIMER = 2

export interface BootOptions {
  readonly args?: readonly string[]
  /** Seed of the entropy device; every boot with the same seed and script is the same run. */
  readonly seed?: number
  /** Wall clock at boot, in microseconds since 1970. */
  readonly wallUs?: number
  /** Cap on the guest's linear memory, in 64 KiB pages. */
  readonly memoryPagesMax?: number
  /** Where outgoing connections go: gives the far end, or undefined to refuse. */
  readonly onConnect?: (host: string, port: number) => ((far: TestConnection) => void) | undefined
}

/** Thrown by the guest's `power_off`. */
export class PoweredOff extends Error {
  readonly code: number
  constructor(code: number) {
    super(`powered off with code ${code}`)
    this.code = code
  }
}

interface Guest {
  readonly memory: WebAssembly.Memory
  ft_start(): void
  ft_interrupt(causes: number): void
}

/** ABI `ft` on plain V8, without fault tolerance: deterministic, synchronous, driven by the test. */
export class TestMachine {
  /** Interrupts, clock reads, and calls of `net_send` so far. */
  readonly counts = { interrupts: 0, clockReads: 0, sends: 0, entropyCalls: 0 }
  readonly console: string[] = []
  wallUs: number
  readonly #options: BootOptions
  readonly #bootUs: number
  #guest!: Guest
  #events: [number, number, number][] = []
  #connections = new Map<number, TestConnection>()
  #ports = new Set<number>()
  #nextIncoming = 2
  #nextOutgoing = 1
  #timers = new Map<number, number>()
  #expired: number[] = []
  #random: number
  #running = false

  constructor(module: WebAssembly.Module, options: BootOptions = {}) {
    this.#options = options
    this.wallUs = this.#bootUs = options.wallUs ?? 1_700_000_000_000_000
    this.#random = options.seed ?? 1
    this.#guest = new WebAssembly.Instance(module, { ft: this.#imports() }).exports as unknown as Guest
    this.#guest.ft_start()
  }

  /** Bytes of the guest's linear memory. */
  get memoryBytes(): number {
    return this.#guest.memory.buffer.byteLength
  }

  /** A client connects. The guest hears of it when it runs. */
  connect(port: number): TestConnection {
    if (!this.#ports.has(port)) throw new Error(`the guest does not listen on port ${port}`)
    const connection = this.#add(this.#nextIncoming)
    this.#nextIncoming += 2
    this.raise(1, connection.id, port)
    return connection
  }

  /** Time passes; timers that are due expire, in order. */
  advance(us: number): void {
    this.wallUs += us
    for (const [timer, due] of [...this.#timers].sort((a, b) => a[1] - b[1])) {
      if (due > this.wallUs) continue
      this.#timers.delete(timer)
      this.#expired.push(timer)
    }
    this.run()
  }

  /** Interrupts the guest until nothing is left to do. */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      for (;;) {
        for (const connection of this.#connections.values()) connection.pump()
        const causes = (this.#events.length > 0 ? NETWORK : 0) | (this.#expired.length > 0 ? TIMER : 0)
        if (causes === 0) return
        this.counts.interrupts++
        this.#guest.ft_interrupt(causes)
      }
    } finally {
      this.#running = false
    }
  }

  raise(kind: number, conn: number, detail: number): void {
    this.#events.push([kind, conn, detail])
  }

  forget(id: number): void {
    this.#connections.delete(id)
  }

  #add(id: number): TestConnection {
    const connection = new TestConnection(this, id)
    this.#connections.set(id, connection)
    return connection
  }

  #bytes(ptr: number, length: number): Uint8Array | undefined {
    const memory = this.#guest.memory.buffer
    const start = ptr >>> 0
    return length >= 0 && start + length <= memory.byteLength ? new Uint8Array(memory, start, length) : undefined
  }

  #imports(): WebAssembly.ModuleImports {
    return { ...this.#network(), ...this.#clockAndTimers(), ...this.#rest() }
  }

  #network(): WebAssembly.ModuleImports {
    const on = (id: number, act: (connection: TestConnection) => number): number => {
      const connection = this.#connections.get(id)
      return connection === undefined ? E_CONN : act(connection)
    }
    const drop = (connection: TestConnection, asked: boolean): number => {
      // As TCP: closing with data unread resets.
      const reset = asked || connection.hasUnread
      connection.pump()
      connection.guestEnded = true
      connection.guestReset = reset
      connection.readable = Infinity
      connection.pump()
      connection.alive = false
      this.forget(connection.id)
      return 0
    }
    return {
      net_listen: (port: number) => {
        if (port < 1 || port > 65535) return E_INVALID
        if (this.#ports.has(port)) return E_BUSY
        this.#ports.add(port)
        return 0
      },
      net_connect: (ptr: number, length: number, port: number) => {
        const host = this.#bytes(ptr, length)
        return host === undefined ? E_FAULT : this.#connectOut(Buffer.from(host).toString(), port)
      },
      net_events: (ptr: number, max: number) => {
        const count = Math.min(max, this.#events.length)
        const bytes = this.#bytes(ptr, count * 16)
        if (bytes === undefined) return E_FAULT
        const words = new DataView(bytes.buffer, bytes.byteOffset)
        const events = this.#events.splice(0, count)
        events.forEach((event, i) => event.forEach((word, at) => words.setUint32(i * 16 + at * 4, word, true)))
        return count
      },
      net_recv: (id: number, ptr: number, cap: number) => on(id, connection => {
        const bytes = this.#bytes(ptr, cap)
        return bytes === undefined ? E_FAULT : connection.guestReceive(bytes)
      }),
      net_send: (id: number, ptr: number, length: number) => on(id, connection => {
        this.counts.sends++
        const bytes = this.#bytes(ptr, length)
        return bytes === undefined ? E_FAULT : connection.guestSend(bytes)
      }),
      net_end: (id: number) => on(id, connection => {
        connection.guestEnded = true
        return 0
      }),
      net_close: (id: number) => on(id, connection => drop(connection, false)),
      net_reset: (id: number) => on(id, connection => drop(connection, true)),
      net_peer: (id: number, ptr: number, cap: number) => on(id, () => {
        const peer = Buffer.from(`192.0.2.1:${10000 + id}`)
        if (peer.length <= cap) this.#bytes(ptr, peer.length)!.set(peer)
        return peer.length
      })
    }
  }

  #connectOut(host: string, port: number): number {
    const id = this.#nextOutgoing
    this.#nextOutgoing += 2
    const accept = this.#options.onConnect?.(host, port)
    if (accept === undefined) this.raise(4, id, 0)
    else {
      const far = this.#add(id)
      this.raise(6, id, 0)
      accept(far)
    }
    return id
  }

  #clockAndTimers(): WebAssembly.ModuleImports {
    return {
      clock_wall: () => {
        this.counts.clockReads++
        return this.wallUs
      },
      clock_monotonic: () => this.wallUs - this.#bootUs,
      timer_set: (timer: number, delayUs: number) => {
        if (timer < 0 || timer > 63 || !(delayUs >= 0)) return E_INVALID
        this.#timers.set(timer, this.wallUs + delayUs)
        return 0
      },
      timer_cancel: (timer: number) => this.#timers.delete(timer) ? 1 : 0,
      timer_next: () => this.#expired.shift() ?? -1,
      preempt: () => 0
    }
  }

  #rest(): WebAssembly.ModuleImports {
    return {
      entropy: (ptr: number, length: number) => {
        this.counts.entropyCalls++
        const bytes = this.#bytes(ptr, length)
        if (bytes === undefined) return E_FAULT
        for (let i = 0; i < length; i++) {
          this.#random = Math.imul(this.#random, 1664525) + 1013904223 | 0
          bytes[i] = this.#random >>> 24
        }
        return 0
      },
      console_write: (ptr: number, length: number) => {
        const bytes = this.#bytes(ptr, length)
        if (bytes === undefined) return E_FAULT
        this.console.push(Buffer.from(bytes).toString())
        return 0
      },
      console_read: () => 0,
      args: (ptr: number, cap: number) => {
        const all = Buffer.from((this.#options.args ?? []).map(each => each + '\0').join(''))
        if (all.length <= cap) this.#bytes(ptr, all.length)!.set(all)
        return all.length
      },
      power_off: (code: number) => {
        throw new PoweredOff(code)
      }
    }
  }
}

/** The module of a built-in guest, built first if it is missing. */
export async function guestBytes(name: string): Promise<Buffer<ArrayBuffer>> {
  const guest = builtinGuest(name)
  if (guest === undefined) throw new Error(`there is no guest ${name}`)
  if (!existsSync(guest.path)) await buildGuests(name)
  return readFileSync(guest.path)
}

/** Boots a built-in guest. */
export async function boot(name: string, options: BootOptions = {}): Promise<TestMachine> {
  const bytes = await guestBytes(name)
  const limited = options.memoryPagesMax === undefined ? bytes : limitMemory(bytes, options.memoryPagesMax)
  return new TestMachine(new WebAssembly.Module(limited), options)
}
