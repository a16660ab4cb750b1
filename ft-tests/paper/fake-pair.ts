/**
 * A whole pair in memory: two hosts and more, the logging channels between them, the switch, the arbiter and a clock, all
 * moved by the test.
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
  readonly lagMsMax?: number
  readonly memoryPagesMax?: number
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

/** One connection of the logging channel, with the number that each end knows it by. */
class Channel {
  /** By the host that reads from it. */
  readonly lanes: ReadonlyMap<FakeHost, Lane>
  readonly ends: readonly { readonly host: FakeHost; readonly id: number }[]
  isConnected = true

  constructor(primary: { host: FakeHost; id: number }, backup: { host: FakeHost; id: number }) {
    this.ends = [primary, backup]
    this.lanes = new Map([[primary.host, new Lane()], [backup.host, new Lane()]])
  }

  idOf(host: FakeHost): number | undefined {
    return this.ends.find((end) => end.host === host)?.id
  }

  other(host: FakeHost): FakeHost {
    return this.ends.find((end) => end.host !== host)!.host
  }

  to(host: FakeHost): Lane {
    return this.lanes.get(host)!
  }
}

export class FakePair {
  readonly primary: FakeHost
  readonly backup: FakeHost
  readonly hosts: FakeHost[]
  readonly network = new FakeNetwork('vm')
  readonly arbiter = new MemoryArbiter()
  /** Everything the primary put on the channel, in order. */
  readonly frames: LogFrame[] = []
  nowMs = 1000
  readonly #channels: Channel[]
  readonly #image: Uint8Array
  readonly #options: PairOptions
  readonly #links = new Map<FakeHost, SwitchLink>()

  private constructor(image: Uint8Array, options: PairOptions) {
    this.#image = image
    this.#options = options
    this.primary = this.#host('primary', 'one', 3)
    this.backup = this.#host('backup', 'two', 5)
    this.hosts = [this.primary, this.backup]
    this.#channels = [new Channel({ host: this.primary, id: 0 }, { host: this.backup, id: 0 })]
  }

  #host(role: 'primary' | 'backup', replica: string, seed: number): FakeHost {
    const { windowBytesMax = 1 << 20, stateHashIntervalMs = 1e9, lagMsMax = 200 } = this.#options
    const common = { heartbeatIntervalMs, windowBytesMax, windowEntriesMax: 100_000, stateHashIntervalMs, lagMsMax }
    const host = new FakeHost(this.#image, { ...common, role, replica }, seed, this.#options.memoryPagesMax)
    host.world.nowMs = this.nowMs
    return host
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

  /** A further host with a backup on it, connected to `primary`. Nothing has happened between them yet. */
  addBackup(primary: FakeHost, replica: string): FakeHost {
    const host = this.#host('backup', replica, 5 + 2 * this.hosts.length)
    this.hosts.push(host)
    this.#plug(host)
    host.inbox.push({ kind: 'switchOpen' }, { kind: 'start' })
    const ids = { primary: this.#channels.length, backup: 0 }
    this.#channels.push(new Channel({ host: primary, id: ids.primary }, { host, id: ids.backup }))
    primary.inbox.push({ kind: 'peerOpen', peer: ids.primary })
    host.inbox.push({ kind: 'peerOpen', peer: ids.backup })
    return host
  }

  /** What is under way to the first backup, and from it. */
  get toBackup(): Lane {
    return this.#channels[0].to(this.backup)
  }

  get toPrimary(): Lane {
    return this.#channels[0].to(this.primary)
  }

  /** What is under way from one host to another. */
  lane(from: FakeHost, to: FakeHost): Lane {
    return this.#channels.findLast((channel) => channel.idOf(from) !== undefined && channel.idOf(to) !== undefined)!.to(to)
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
    for (const channel of [...this.#channels]) {
      for (const { host, id } of channel.ends.toReversed()) moved = this.#carry(channel, host, id) || moved
    }
    return moved
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
    for (const channel of this.#of(host)) {
      if (losing) channel.to(channel.other(host)).queue.length = 0
      this.#closed(channel, host)
    }
    const link = this.#links.get(host)
    if (link !== undefined) this.network.unplug(link)
    await this.settle()
  }

  /** The last channel breaks; both of its ends live on. What was under way is lost. */
  async cut(): Promise<void> {
    const channel = this.#channels.at(-1)!
    for (const { host, id } of channel.ends) {
      channel.to(host).queue.length = 0
      host.inbox.push({ kind: 'peerClosed', peer: id, reason: 'connection reset', corrupt: false })
    }
    channel.isConnected = false
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
      case 'peer': return this.#send(host, command.peer, command.message)
      case 'closePeer': return this.#closed(this.#channel(host, command.peer), host)
      case 'readPeer': return void (this.#channel(host, command.peer)!.to(host).read = command.on)
      case 'switch':
        host.toSwitch.push(...command.messages)
        return this.network.deliver(this.#links.get(host)!, command.messages.filter(({ type }) => type !== 'outputs' || !host.outputsLost))
      case 'testAndSet': return this.#testAndSet(host, command.fromTerm)
      case 'run': return host.ask(command.untilTick)
      case 'report': return void host.reports.push(command.report)
      case 'halt':
        host.halted = { code: command.code, reason: command.reason }
        this.network.unplug(this.#links.get(host)!)
        for (const channel of this.#of(host)) this.#closed(channel, host)
    }
  }

  #send(host: FakeHost, peer: number, message: ChannelMessage): void {
    // While the backup is moved, the same frames go to two.
    if (message.type === 'log' && message.seq > (this.frames.at(-1)?.seq ?? 0)) this.frames.push(message)
    const channel = this.#channel(host, peer)
    if (channel?.isConnected) channel.to(channel.other(host)).put(message)
  }

  #testAndSet(host: FakeHost, fromTerm: number): void {
    host.asked++
    try {
      host.inbox.push({ kind: 'verdict', verdict: this.arbiter.decide('vm', fromTerm, host.replica.hello.replica) })
    } catch (error) {
      host.inbox.push({ kind: 'arbiterDown', reason: (error as Error).message })
    }
  }

  #carry(channel: Channel, to: FakeHost, peer: number): boolean {
    const lane = channel.to(to)
    if (lane.held || !lane.read || lane.queue.length === 0 || !to.active) return false
    for (const message of lane.queue.splice(0)) to.inbox.push({ kind: 'peer', peer, message })
    return true
  }

  /** `by` has closed it: for the other end, that comes after what was sent. */
  #closed(channel: Channel | undefined, by: FakeHost): void {
    if (!channel?.isConnected) return
    channel.isConnected = false
    const host = channel.other(by)
    const peer = channel.idOf(host)!
    for (const message of channel.to(host).queue.splice(0)) host.inbox.push({ kind: 'peer', peer, message })
    host.inbox.push({ kind: 'peerClosed', peer, reason: 'the peer closed the channel', corrupt: false })
  }

  #channel(host: FakeHost, id: number): Channel | undefined {
    return this.#channels.findLast((channel) => channel.idOf(host) === id)
  }

  #of(host: FakeHost): readonly Channel[] {
    return this.#channels.filter((channel) => channel.idOf(host) !== undefined)
  }
}
