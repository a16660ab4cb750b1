/**
 * A replica with everything real (core, machine, V8 engine, sockets, arbiter) but its process, so that thousands can be killed in
 * minutes: at death its sockets close without a word and nothing of it runs any more.
 */
import { crc32 } from 'node:zlib'
import { Divergence } from '../../hypervisor/ft/divergence.ts'
import type { Command, ReplicaEvent, Report } from '../../hypervisor/ft/events.ts'
import { Replica } from '../../hypervisor/ft/replica.ts'
import type { ReplicaConfig } from '../../hypervisor/ft/replica-config.ts'
import { QuantumController } from '../../hypervisor/host/quantum.ts'
import { realWorld } from '../../hypervisor/host/real-world.ts'
import { ReplicaHost } from '../../hypervisor/host/replica-host.ts'
import { connectSwitch } from '../../hypervisor/host/switch/switch-client.ts'
import type { Address } from '../../hypervisor/host/switch/switch-port.ts'
import { Machine } from '../../hypervisor/machine/machine.ts'
import { startV8 } from '../../hypervisor/v8/engine.ts'
import type { PreparedGuest } from '../../hypervisor/v8/prepare.ts'
import type { Link } from '../../logging-channel/link.ts'
import { connectLink, listenLinks, type Listener } from '../../logging-channel/link-tcp.ts'
import type { Arbiter } from '../../shared-disk/arbiter.ts'
import { CrashGate } from './crash-gate.ts'

export const VM = 'exhaustive'
const HOST = '127.0.0.1'
/** Long: a death shows by closed sockets, and everything shares one busy thread. */
const HEARTBEAT_MS = 2000
const WINDOW_BYTES_MAX = 8 * 2 ** 20
const WINDOW_ENTRIES_MAX = 100_000
const STATE_HASH_MS = 20
const QUANTUM_MS = 1

/** What all replicas of one world share. */
export type CrashSetting = {
  readonly guest: PreparedGuest
  readonly arbiter: Arbiter
  readonly switchLink: Address
}

/** A core whose commands go through a gate. */
class GatedReplica extends Replica {
  gate: CrashGate | undefined

  override step(event: ReplicaEvent, nowMs: number): readonly Command[] {
    const gate = this.gate as CrashGate
    if (gate.isDead) return []
    const commands = [...super.step(event, nowMs)]
    // Gone through by the host one at a time: what it does with one comes before the next is asked for.
    commands[Symbol.iterator] = () => gate.through(commands.slice()) as ArrayIterator<Command>
    return commands
  }
}

export class CrashReplica {
  readonly name: string
  readonly gate: CrashGate
  readonly core: Replica
  readonly reports: Report[] = []
  /** Why it halted by itself. */
  halted: { readonly code: number; readonly reason: string } | undefined
  readonly #host: ReplicaHost
  readonly #links: Link[] = []
  #listener: Listener | undefined
  #onChange: () => void

  private constructor(setting: CrashSetting, name: string, role: 'primary' | 'backup', onChange: () => void) {
    this.name = name
    this.#onChange = onChange
    const config: ReplicaConfig = {
      role, vm: VM, replica: name, image: 'kv', runtime: process.version, unprotected: false, heartbeatIntervalMs: HEARTBEAT_MS,
      heartbeatsMissedMax: 3, windowBytesMax: WINDOW_BYTES_MAX, windowEntriesMax: WINDOW_ENTRIES_MAX, stateHashIntervalMs: STATE_HASH_MS
    }
    let machine: Machine | undefined
    const core = new GatedReplica(config, realWorld, crc32, (outside) => {
      machine = new Machine((calls) => startV8(setting.guest, calls, (error) => this.#engineHalted(error)), [], outside)
      return machine
    })
    this.core = core
    this.gate = core.gate = new CrashGate(() => this.#die())
    this.#host = new ReplicaHost({
      replica: core, machine: machine!, arbiter: setting.arbiter, vm: VM, replicaId: name, quantum: new QuantumController(QUANTUM_MS),
      heartbeatIntervalMs: HEARTBEAT_MS,
      onReport: (report) => {
        this.reports.push(report)
        this.#onChange()
      },
      onKeepSnapshot: () => {},
      onHalt: (code, reason) => {
        if (!this.gate.isDead) this.halted = { code, reason }
        void this.#listener?.close()
        this.#onChange()
      }
    })
  }

  /** Starts one; a backup connects to `primary`. `onChange` is called after every report and at the end. */
  static async start(
    setting: CrashSetting, name: string, primary: CrashReplica | undefined, onChange: () => void,
  ): Promise<CrashReplica> {
    const replica = new CrashReplica(setting, name, primary === undefined ? 'primary' : 'backup', onChange)
    const port = await connectSwitch(setting.switchLink, { vm: VM, replica: name, retryMs: 0 })
    // A lost switch link is not made again: the switch of this drill lives on, so it is lost only at the end.
    replica.#host.connectSwitch(port, () => {})
    replica.#host.start()
    if (primary !== undefined) replica.#connect(await connectLink({ host: HOST, port: await primary.#listen() }))
    return replica
  }

  saw(event: Report['event']): boolean {
    return this.reports.some((report) => report.event === event)
  }

  /** SIGKILL, wherever it is. */
  kill(): void {
    this.gate.dieNow()
  }

  #die(): void {
    for (const link of this.#links) link.destroy()
    // Stops timers and closes the switch link; the gate swallows whatever the core would still say.
    queueMicrotask(() => this.#host.fail('killed'))
  }

  async #listen(): Promise<number> {
    this.#listener ??= await listenLinks({ host: HOST, port: 0, onLink: (link) => this.#connect(link) })
    return this.#listener.port
  }

  #connect(link: Link): void {
    this.#links.push(link)
    if (this.gate.isDead) link.destroy()
    else this.#host.connectPeer(link)
  }

  #engineHalted(error: unknown): void {
    if (error instanceof Divergence) this.#host.diverged(error)
    else this.#host.fail(String(error))
  }
}
