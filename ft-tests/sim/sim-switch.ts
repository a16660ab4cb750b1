/** The real switch core among simulated links and clients: does what hypervisor/host/switch/switch-host.ts does. */
import { SwitchClient } from '../../hypervisor/switch/client.ts'
import { decodeToSwitch, encodeFromSwitch } from '../../hypervisor/switch/codec.ts'
import type { SwitchCommand, SwitchReport } from '../../hypervisor/switch/commands.ts'
import type { SwitchEvent } from '../../hypervisor/switch/events.ts'
import { FrameDecoder } from '../../hypervisor/switch/frame-decoder.ts'
import { SwitchLink } from '../../hypervisor/switch/link.ts'
import type { Outputs, ToSwitch } from '../../hypervisor/switch/messages.ts'
import { SwitchCore } from '../../hypervisor/switch/switch-core.ts'
import { guestPort } from './guest-protocol.ts'
import type { Arrival, Lane } from './lane.ts'
import type { SimClient } from './sim-client.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

const turnDelayMs = 0.005

/** One replica's connection, on the switch's side. */
export class SwitchConnection {
  readonly link = new SwitchLink(this)
  readonly decoder = new FrameDecoder<ToSwitch>(decodeToSwitch)
  readonly replica: SimReplica
  /** To the replica; set as the connection is made. */
  out: Lane | undefined
  isClosed = false

  constructor(replica: SimReplica) {
    this.replica = replica
  }
}

export class SimSwitch {
  readonly core: SwitchCore
  /** Console bytes that the guest wrote. */
  consoleBytes = 0
  poweredOff: number | undefined
  readonly #sim: Simulation
  #turnScheduled = false

  constructor(sim: Simulation) {
    this.#sim = sim
    this.core = new SwitchCore(sim.vm)
  }

  /** A socket is accepted. */
  open(client: SimClient, name: string): SwitchClient {
    const socket = new SwitchClient(client, guestPort, name)
    this.take({ kind: 'clientOpened', client: socket })
    return socket
  }

  take(event: SwitchEvent): void {
    for (const command of this.core.step(event)) this.#perform(command)
    if (this.#turnScheduled || !this.core.wantsTurn) return
    this.#turnScheduled = true
    this.#sim.scheduler.after(turnDelayMs, () => {
      this.#turnScheduled = false
      this.take({ kind: 'turn' })
    })
  }

  onReplica(arrival: Arrival, connection: SwitchConnection): void {
    if (connection.isClosed) return
    if (arrival === null) return this.lose(connection, 'the connection is closed')
    for (const message of connection.decoder.push(arrival.bytes)) this.#onMessage(connection, message)
  }

  lose(connection: SwitchConnection, reason: string): void {
    if (connection.isClosed) return
    connection.isClosed = true
    connection.out!.end()
    this.take({ kind: 'linkClosed', link: connection.link, reason })
  }

  #onMessage(connection: SwitchConnection, message: ToSwitch): void {
    const altered = this.#sim.mutant.toSwitch?.(this.core, message) ?? message
    if (altered.type === 'outputs') this.#beforeOutputs(connection, altered)
    const processed = this.core.outbound.processed
    this.take({ kind: 'linkMessages', link: connection.link, messages: [altered] })
    if (altered.type === 'outputs' && this.core.outbound.processed > processed) this.#tellAccepted(connection, altered, processed)
  }

  #beforeOutputs(connection: SwitchConnection, message: Outputs): void {
    const isRepeated = message.first <= this.core.outbound.processed && connection.link.term === message.term
    if (isRepeated) this.#sim.reached('duplicates dropped')
  }

  #tellAccepted(connection: SwitchConnection, message: Outputs, processed: number): void {
    const fresh = message.outputs.slice(processed + 1 - message.first)
    this.#sim.tell((c) => c.onOutputsAccepted(connection.replica, message.term, processed + 1, fresh))
  }

  #perform(command: SwitchCommand): void {
    switch (command.kind) {
      case 'send': return (command.link.handle as SwitchConnection).out!.send(encodeFromSwitch(command.messages))
      case 'closeLink': {
        const connection = command.link.handle as SwitchConnection
        connection.isClosed = true
        return connection.out!.end()
      }
      case 'write': return clientOf(command.client).receive(command.chunks)
      case 'end': return clientOf(command.client).receiveEnd()
      case 'reset': return clientOf(command.client).receiveReset()
      case 'pause': return clientOf(command.client).hold(true)
      case 'resume': return clientOf(command.client).hold(false)
      case 'console':
        this.consoleBytes += command.bytes.length
        return
      case 'powerOff':
        this.poweredOff = command.code
        return
      case 'report': return this.#onReport(command.report)
      case 'listen': case 'connect': case 'pauseConsole': case 'resumeConsole': case 'farewell':
    }
  }

  #onReport(report: SwitchReport): void {
    this.#sim.reached(`switch ${report.kind}`)
    if (report.kind !== 'attached') return
    if (report.inputsResent > 0) this.#sim.reached('inputs resent')
    const replica = this.#sim.replicas.find(({ name }) => name === report.replica)!
    this.#sim.tell((c) => c.onAttached(replica, report.term))
  }
}

function clientOf(client: SwitchClient): SimClient {
  return client.handle as SimClient
}
