/** The machine's devices on a board of their own: the test calls what the guest would call, and is the outside. */
import { Kind, type Clock, type SwitchInput } from '../../logging-channel/entries.ts'
import type { Outside } from '../../hypervisor/devices/device.ts'
import type { EngineState } from '../../hypervisor/machine/engine-state.ts'
import type { Engine, HostCall, HostCalls, Stop } from '../../hypervisor/machine/engine.ts'
import { Machine } from '../../hypervisor/machine/machine.ts'
import type { Output } from '../../hypervisor/switch/messages.ts'

export const memoryBytes = 2 * 65536
/** A pointer just outside memory, and one whose end wraps around. */
export const badPointers = [memoryBytes, -1] as const

/** An engine that runs nothing; its memory is there for the devices. */
class NoEngine implements Engine {
  readonly ticks = 0
  nesting = 0
  readonly entered: number[] = []
  readonly #memory = new Uint8Array(memoryBytes)
  onStop: ((stop: Stop) => void) | undefined

  enter(_entry: string, argument: number): void {
    this.nesting++
    this.entered.push(argument)
  }

  run(_untilTick: number, onStop: (stop: Stop) => void): void {
    this.onStop = onStop
  }

  memory(): Uint8Array {
    return this.#memory
  }

  globals(): Uint32Array {
    return new Uint32Array(0)
  }

  tables(): Uint32Array {
    return new Uint32Array(0)
  }

  snapshot(): EngineState {
    const none = new Uint8Array(0)
    return {
      ticks: 0, globals: this.globals(), tables: [], droppedData: none, droppedElements: none, memory: this.#memory.slice()
    }
  }

  restoreRoom(bytes: number): Uint8Array {
    return new Uint8Array(bytes)
  }

  restore(state: EngineState): void {
    this.#memory.set(state.memory)
  }
}

export type PulledEvent = { readonly kind: number; readonly conn: number; readonly detail: number }

export class Board implements Outside {
  readonly engine = new NoEngine()
  readonly machine: Machine
  /** Taken since the last `take`. */
  #outputs: Output[] = []
  readonly armed: [timer: number, delayUs: number][] = []
  readonly disarmed: number[] = []
  readonly clockReadings: number[] = []
  readonly calls: HostCalls

  constructor(args: readonly string[] = []) {
    let calls: HostCalls | undefined
    this.machine = new Machine((given) => {
      calls = given
      return this.engine
    }, args, this)
    this.calls = calls!
  }

  call(name: string, ...args: number[]): number {
    return (this.calls[name] as HostCall)(...args) as number
  }

  /** Puts bytes into guest memory and calls `name` with what comes before them, their pointer and their length. */
  callWith(name: string, before: readonly number[], bytes: string | Uint8Array): number {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    this.engine.memory().set(data, 1024)
    return this.call(name, ...before, 1024, data.length)
  }

  /** The outputs made since it was last asked. */
  take(): Output[] {
    return this.#outputs.splice(0)
  }

  open(conn: number, port = 80, peer = '192.0.2.1:5000'): void {
    this.machine.inject({ kind: Kind.netOpen, conn, port, peer })
  }

  inject(entry: SwitchInput): void {
    this.machine.inject(entry)
  }

  data(conn: number, bytes: string | Uint8Array): void {
    this.machine.inject({ kind: Kind.netData, conn, bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes })
  }

  /** Pulls events as the guest does. */
  events(max = 100): PulledEvent[] {
    const count = this.call('net_events', 2048, max)
    const words = new DataView(this.engine.memory().buffer)
    return Array.from({ length: count }, (_, i) => {
      const at = 2048 + i * 16
      return { kind: words.getUint32(at, true), conn: words.getUint32(at + 4, true), detail: words.getUint32(at + 8, true) }
    })
  }

  /** Receives at most `capacity` bytes as the guest does; an error code comes out as it is. */
  receive(conn: number, capacity = 65536): string | number {
    const count = this.call('net_recv', conn, 8192, capacity)
    return count < 0 ? count : Buffer.from(this.engine.memory().subarray(8192, 8192 + count)).toString('latin1')
  }

  text(pointer: number, length: number): string {
    return Buffer.from(this.engine.memory().subarray(pointer, pointer + length)).toString()
  }

  readClock(clock: Clock): number {
    return this.clockReadings.shift() ?? 1000 + clock
  }

  drawEntropy(length: number): Uint8Array {
    return new Uint8Array(length).fill(0xab)
  }

  emit(output: Output): void {
    this.#outputs.push(output)
  }

  armTimer(timer: number, delayUs: number): void {
    this.armed.push([timer, delayUs])
  }

  disarmTimer(timer: number): void {
    this.disarmed.push(timer)
  }
}
