/**
 * The host layer of one replica: sockets, clocks and the arbiter around the pure core. The hot loop is `#step`:
 * an event goes in, commands come out and are carried out in order.
 */
import type { Arbiter } from '../../shared-disk/arbiter.ts'
import type { Divergence } from '../ft/divergence.ts'
import type { Command, ReplicaEvent, Report } from '../ft/events.ts'
import { ExitCode } from '../ft/exit-codes.ts'
import type { Replica } from '../ft/replica.ts'
import type { Machine } from '../machine/machine.ts'
import type { Link } from '../../logging-channel/link.ts'
import { PeerChannel } from './peer-channel.ts'
import type { QuantumController } from './quantum.ts'
import type { SwitchPort } from './switch/switch-port.ts'

export type ReplicaHostOptions = {
  readonly replica: Replica
  readonly machine: Machine
  readonly arbiter: Arbiter
  readonly vm: string
  readonly replicaId: string
  readonly quantum: QuantumController
  readonly heartbeatIntervalMs: number
  readonly onReport: (report: Report) => void
  /** The machine is to be kept as it is, at entry `seq`: see the command. */
  readonly onKeepSnapshot: (seq: number) => void
  /** The replica is done; nothing of it runs any more. */
  readonly onHalt: (code: ExitCode, reason: string) => void
}

/** The core looks at its clocks this often in a heartbeat interval. */
const checksPerInterval = 5
/** Connections to the logging channel at a time, and how long one may say nothing: strangers must not use the host up. */
const peersMax = 16
const helloTimeoutMs = 10_000

export class ReplicaHost {
  readonly #options: ReplicaHostOptions
  readonly #replica: Replica
  readonly #heartbeatTimer: NodeJS.Timeout
  #deadlineTimer: NodeJS.Timeout | undefined
  #deadlineUs = Infinity
  /** Open channels by the number that the core knows them by. */
  readonly #peers = new Map<number, PeerChannel>()
  #lastPeer = 0
  #switchPort: SwitchPort | undefined
  #halted = false
  /** Waiting for the step under way to be carried out. */
  readonly #events: ReplicaEvent[] = []
  #stepping = false

  constructor(options: ReplicaHostOptions) {
    this.#options = options
    this.#replica = options.replica
    this.#heartbeatTimer = setInterval(() => this.#step({ kind: 'time' }), options.heartbeatIntervalMs / checksPerInterval)
  }

  start(): void {
    this.#step({ kind: 'start' })
  }

  /** Takes a connection of the logging channel; whether its other end may be a peer is for the core to say. */
  connectPeer(link: Link): void {
    if (this.#halted || this.#peers.size >= peersMax) return link.destroy()
    const peer = ++this.#lastPeer
    const silent = setTimeout(() => this.#onSilent(peer), helloTimeoutMs)
    const channel = new PeerChannel(link, {
      onMessage: (message) => {
        clearTimeout(silent)
        this.#step({ kind: 'peer', peer, message })
      },
      onPart: () => this.#step({ kind: 'peerPart', peer }),
      onClosed: (reason, corrupt) => {
        clearTimeout(silent)
        this.#peers.delete(peer)
        this.#step({ kind: 'peerClosed', peer, reason, corrupt })
      }
    })
    this.#peers.set(peer, channel)
    this.#step({ kind: 'peerOpen', peer })
  }

  /** Whoever says nothing is no peer, and must not take the place of one. */
  #onSilent(peer: number): void {
    if (this.#halted || !this.#peers.has(peer)) return
    this.#closePeer(peer)
    this.#step({ kind: 'peerClosed', peer, reason: `it said nothing in ${helloTimeoutMs} ms`, corrupt: false })
  }

  connectSwitch(port: SwitchPort, onLost: () => void): void {
    this.#switchPort = port
    port.onMessages = (messages) => this.#step({ kind: 'switch', messages })
    port.onClose = (reason) => {
      this.#switchPort = undefined
      this.#step({ kind: 'switchClosed', reason })
      if (!this.#halted) onLost()
    }
    this.#step({ kind: 'switchOpen' })
  }

  /** An operator's wish; what comes of it is in the reports. */
  control(event: Extract<ReplicaEvent, { kind: 'stepDown' | 'moveBackup' }>): void {
    this.#step(event)
  }

  powerOff(reason: string): void {
    this.#step({ kind: 'powerOff', reason })
  }

  /** A guest's call met a log that does not say it. */
  diverged(divergence: Divergence): void {
    this.#step({ kind: 'diverged', divergence })
  }

  /** The host can't keep its promises (a defect, no memory): the replica ends here and now. */
  fail(reason: string): void {
    this.#halt(ExitCode.host, reason)
  }

  /** A command may bring about the next event before it returns (a run on the interpreter does): that one waits its turn. */
  #step(event: ReplicaEvent): void {
    this.#events.push(event)
    if (this.#stepping) return
    this.#stepping = true
    try {
      for (let next = this.#events.shift(); next !== undefined && !this.#halted; next = this.#events.shift()) {
        this.#replica.quantumTicks = this.#options.quantum.ticks
        for (const command of this.#replica.step(next, performance.now())) this.#perform(command)
        this.#followDeadline()
      }
    } finally {
      this.#stepping = false
    }
  }

  #perform(command: Command): void {
    switch (command.do) {
      case 'peer': return this.#peers.get(command.peer)?.send(command.message)
      case 'closePeer': return void this.#closePeer(command.peer)
      case 'readPeer': return this.#peers.get(command.peer)?.read(command.on)
      case 'switch': return this.#switchPort?.send(command.messages)
      case 'testAndSet': return this.#testAndSet(command.fromTerm)
      case 'run': return this.#run(command.untilTick, command.breathe)
      case 'keepSnapshot': return this.#options.onKeepSnapshot(command.seq)
      case 'report': return this.#options.onReport(command.report)
      case 'halt': return this.#halt(command.code, command.reason)
    }
  }

  #run(untilTick: number, breathe: boolean): void {
    if (!breathe) return this.#runNow(untilTick)
    setImmediate(() => {
      if (!this.#halted) this.#runNow(untilTick)
    })
  }

  #runNow(untilTick: number): void {
    const { machine, quantum } = this.#options
    quantum.runStarts(machine.ticks, performance.now())
    machine.run(untilTick, (stop) => {
      if (stop.kind === 'tick') quantum.runStopped(machine.ticks, performance.now())
      this.#step({ kind: 'stopped', stop })
    })
  }

  #testAndSet(fromTerm: number): void {
    const { arbiter, vm, replicaId } = this.#options
    arbiter.testAndSet(vm, fromTerm, replicaId).then(
      (verdict) => this.#step({ kind: 'verdict', verdict }),
      (error: Error) => this.#step({ kind: 'arbiterDown', reason: error.message })
    )
  }

  #closePeer(peer: number): Promise<void> | undefined {
    const closed = this.#peers.get(peer)?.close()
    this.#peers.delete(peer)
    return closed
  }

  #followDeadline(): void {
    const nextUs = this.#replica.nextDeadlineUs
    if (nextUs === this.#deadlineUs || this.#halted) return
    this.#deadlineUs = nextUs
    clearTimeout(this.#deadlineTimer)
    if (nextUs === Infinity) return
    const waitMs = Math.max(0, nextUs / 1000 - performance.now())
    // setTimeout takes 31 bits of milliseconds; a later deadline is looked at again then.
    this.#deadlineTimer = setTimeout(() => {
      this.#deadlineUs = Infinity
      this.#step({ kind: 'time' })
    }, Math.min(Math.ceil(waitMs), 2 ** 31 - 1))
  }

  #halt(code: ExitCode, reason: string): void {
    if (this.#halted) return
    this.#halted = true
    clearInterval(this.#heartbeatTimer)
    clearTimeout(this.#deadlineTimer)
    const closed = [...this.#peers.keys()].map((peer) => this.#closePeer(peer))
    this.#switchPort?.close()
    // A process that exits with bytes unread resets its connections, and the peer may lose the goodbye with which this one went.
    void Promise.all(closed).then(() => this.#options.onHalt(code, reason))
  }
}
