/**
 * A whole pair in memory: two hosts, the logging channel, the switch, the arbiter and a clock, all moved by the test.
 * Nothing happens but in `settle` and `pass`, so every run of a script is the same run.
 */
import type { Command, ReplicaEvent } from '../../hypervisor/ft/events.ts'
import type { SwitchLink } from '../../hypervisor/switch/link.ts'
import type { LogEntry } from '../../logging-channel/entries.ts'
import type { ChannelMessage, LogFrame } from '../../logging-channel/messages.ts'
import { MemoryArbiter } from '../../shared-disk/memory-arbiter.ts'
import { FakeHost } from './fake-host.ts'
import { FakeNetwork, type FakeClient } from './fake-network.ts'
import { probeImage } from './probe.ts'

export const heartbeatIntervalMs = 50
const checksPerInterval = 5

export type PairOptions = {
  readonly image?: Uint8Array
  readonly windowBytesMax?: number
  readonly stateHashIntervalMs?: number
  /** False: the replicas are started but never meet. */
  readonly connect?: boolean
}

/** One direction of the logging channel. */
class Lane {
  readonly queue: ChannelMessage[] = []
  /** Nothing is delivered; it waits. */
  held = false
  /** Its reader wants more. */
  read = true
  /** Messages that are lost on the way. */
  loses: (message: ChannelMessage) => boolean = () => false

  put(message: ChannelMessage): void {
    if (!this.loses(message)) this.queue.push(message)
  }
}

export class FakePair {
  readonly primary: FakeHost
  readonly backup: FakeHost
  readonly network = new FakeNetwork('vm')
  readonly arbiter = new MemoryArbiter()
  readonly toBackup = new Lane()
  readonly toPrimary = new Lane()
  /** Everything the primary put on the channel, in order. */
  readonly frames: LogFrame[] = []
  nowMs = 1000
  #connected = true
  readonly #links = new Map<FakeHost, SwitchLink>()

  private constructor(image: Uint8Array, { windowBytesMax = 1 << 20, stateHashIntervalMs = 1e9 }: PairOptions) {
    const common = { heartbeatIntervalMs, windowBytesMax, windowEntriesMax: 100_000, stateHashIntervalMs }
    this.primary = new FakeHost(image, { ...common, role: 'primary', replica: 'one' }, 3)
    this.backup = new FakeHost(image, { ...common, role: 'backup', replica: 'two' }, 5)
    for (const host of this.hosts) host.world.nowMs = this.nowMs
  }

  /** A pair that is protected, its guest idle and listening on port 7. */
  static async start(options: PairOptions = {}): Promise<FakePair> {
    const pair = new FakePair(options.image ?? await probeImage(), options)
    for (const host of pair.hosts) {
      pair.#plug(host)
      host.inbox.push({ kind: 'switchOpen' }, { kind: 'start' })
    }
    await pair.settle()
    if (options.connect === false) return pair
    for (const host of pair.hosts) host.inbox.push({ kind: 'peerOpen' })
    await pair.settle()
    return pair
  }

  get hosts(): readonly FakeHost[] {
    return [this.primary, this.backup]
  }

  /** Every log entry sent so far; entry i has seq i + 1. */
  get entries(): readonly LogEntry[] {
    return this.frames.flatMap((frame) => frame.entries)
  }

  client(): FakeClient {
    return this.network.connect()
  }

  /** Lets everything happen that can happen without time passing. */
  async settle(): Promise<void> {
    for (let moved = true; moved;) moved = await this.turn()
  }

  /** One round of `settle`: every host takes its events and one slice, every lane delivers, the switch turns. */
  async turn(): Promise<boolean> {
    let moved = this.network.turn()
    for (const host of this.hosts) {
      for (let commands = host.step(); commands !== undefined; commands = host.step()) {
        moved = true
        for (const command of commands) this.#perform(host, command)
      }
      moved = await host.runSlice() || moved
    }
    return this.#carry(this.toBackup, this.backup) || this.#carry(this.toPrimary, this.primary) || moved
  }

  /** Lets time pass; hosts look at their clocks several times a heartbeat interval, as the real host layer does. */
  async pass(ms: number): Promise<void> {
    const stepMs = heartbeatIntervalMs / checksPerInterval
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.nowMs += stepMs
      for (const host of this.hosts) {
        host.world.nowMs = this.nowMs
        if (host.active) host.inbox.push({ kind: 'time' })
      }
      await this.settle()
    }
  }

  /** `kill -9`: the process is gone, its sockets close. What it had sent still arrives, unless it is said to be lost. */
  async kill(host: FakeHost, { losing = false } = {}): Promise<void> {
    host.dead = true
    if (losing) this.#lane(host).queue.length = 0
    const link = this.#links.get(host)
    if (link !== undefined) this.network.unplug(link)
    this.#closed(this.#other(host), 'the peer closed the channel')
    await this.settle()
  }

  /** The channel breaks; both live on. What was under way is lost. */
  async cut(): Promise<void> {
    for (const host of this.hosts) {
      this.#lane(host).queue.length = 0
      host.inbox.push({ kind: 'peerClosed', reason: 'connection reset', corrupt: false })
    }
    this.#connected = false
    await this.settle()
  }

  /** Sends the switch a host's last outputs once more. */
  repeatOutputs(host: FakeHost): void {
    const last = host.toSwitch.findLast(({ type }) => type === 'outputs')
    if (last !== undefined) this.network.deliver(this.#links.get(host)!, [last])
  }

  #plug(host: FakeHost): void {
    const push = (event: ReplicaEvent): unknown => host.dead || host.inbox.push(event)
    this.#links.set(host, this.network.plug('vm', host.replica.hello.replica, {
      onMessages: (messages) => push({ kind: 'switch', messages }),
      onClosed: (reason) => push({ kind: 'switchClosed', reason })
    }))
  }

  #perform(host: FakeHost, command: Command): void {
    switch (command.do) {
      case 'peer': return this.#send(host, command.message)
      case 'closePeer': return this.#closed(this.#other(host), 'the peer closed the channel')
      case 'readPeer': return void (this.#lane(this.#other(host)).read = command.on)
      case 'switch':
        host.toSwitch.push(...command.messages)
        return this.network.deliver(this.#links.get(host)!, command.messages)
      case 'testAndSet': return this.#testAndSet(host, command.fromTerm)
      case 'run': return host.ask(command.untilTick)
      case 'report': return void host.reports.push(command.report)
      case 'halt':
        host.halted = { code: command.code, reason: command.reason }
        this.network.unplug(this.#links.get(host)!)
        return this.#closed(this.#other(host), 'the peer closed the channel')
    }
  }

  #send(host: FakeHost, message: ChannelMessage): void {
    if (message.type === 'log') this.frames.push(message)
    if (this.#connected) this.#lane(host).put(message)
  }

  #testAndSet(host: FakeHost, fromTerm: number): void {
    host.asked++
    try {
      host.inbox.push({ kind: 'verdict', verdict: this.arbiter.decide('vm', fromTerm, host.replica.hello.replica) })
    } catch (error) {
      host.inbox.push({ kind: 'arbiterDown', reason: (error as Error).message })
    }
  }

  #carry(lane: Lane, to: FakeHost): boolean {
    if (lane.held || !lane.read || lane.queue.length === 0 || !to.active) return false
    for (const message of lane.queue.splice(0)) to.inbox.push({ kind: 'peer', message })
    return true
  }

  /** The end of the channel comes after what was sent. */
  #closed(host: FakeHost, reason: string): void {
    if (!this.#connected) return
    this.#connected = false
    for (const message of this.#lane(this.#other(host)).queue.splice(0)) host.inbox.push({ kind: 'peer', message })
    host.inbox.push({ kind: 'peerClosed', reason, corrupt: false })
  }

  /** What `host` sends travels here. */
  #lane(host: FakeHost): Lane {
    return host === this.primary ? this.toBackup : this.toPrimary
  }

  #other(host: FakeHost): FakeHost {
    return host === this.primary ? this.backup : this.primary
  }
}
