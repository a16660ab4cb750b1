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
  /** The replica is done; nothing of it runs any more. */
  readonly onHalt: (code: ExitCode, reason: string) => void
}

/** The core looks at its clocks this often in a heartbeat interval. */
const checksPerInterval = 5

export class ReplicaHost {
  readonly #options: ReplicaHostOptions
  readonly #replica: Replica
  readonly #heartbeatTimer: NodeJS.Timeout
  #deadlineTimer: NodeJS.Timeout | undefined
  #deadlineUs = Infinity
  #peer: PeerChannel | undefined
  #switchPort: SwitchPort | undefined
  #halted = false

  constructor(options: ReplicaHostOptions) {
    this.#options = options
    this.#replica = options.replica
    this.#heartbeatTimer = setInterval(() => this.#step({ kind: 'time' }), options.heartbeatIntervalMs / checksPerInterval)
  }

  start(): void {
    this.#step({ kind: 'start' })
  }

  /** Takes a connection of the logging channel. A replica has one peer; any other is told so and closed. */
  connectPeer(link: Link): void {
    if (this.#peer !== undefined) return refuse(link, 'this replica has a peer already')
    const peer = new PeerChannel(link, {
      onMessage: (message) => this.#step({ kind: 'peer', message }),
      onClosed: (reason, corrupt) => {
        if (this.#peer === peer) this.#peer = undefined
        this.#step({ kind: 'peerClosed', reason, corrupt })
      }
    })
    this.#peer = peer
    this.#step({ kind: 'peerOpen' })
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

  #step(event: ReplicaEvent): void {
    if (this.#halted) return
    this.#replica.quantumTicks = this.#options.quantum.ticks
    for (const command of this.#replica.step(event, performance.now())) this.#perform(command)
    this.#followDeadline()
  }

  #perform(command: Command): void {
    switch (command.do) {
      case 'peer': return this.#peer?.send(command.message)
      case 'closePeer': return this.#closePeer()
      case 'readPeer': return this.#peer?.read(command.on)
      case 'switch': return this.#switchPort?.send(command.messages)
      case 'testAndSet': return this.#testAndSet(command.fromTerm)
      case 'run': return this.#run(command.untilTick, command.breathe)
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

  #closePeer(): void {
    this.#peer?.close()
    this.#peer = undefined
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
    this.#closePeer()
    this.#switchPort?.close()
    this.#options.onHalt(code, reason)
  }
}

function refuse(link: Link, reason: string): void {
  const channel = new PeerChannel(link, { onMessage: () => {}, onClosed: () => {} })
  channel.send({ type: 'goodbye', reason: `refused: ${reason}` })
  channel.close()
}
