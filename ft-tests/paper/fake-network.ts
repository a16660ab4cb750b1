/** The real switch core with clients in memory: what they send goes in at once, what reaches them is kept. */
import { SwitchClient } from '../../hypervisor/switch/client.ts'
import type { SwitchCommand, SwitchReport } from '../../hypervisor/switch/commands.ts'
import type { SwitchEvent } from '../../hypervisor/switch/events.ts'
import { SwitchLink } from '../../hypervisor/switch/link.ts'
import { SWITCH_VERSION, type FromSwitch, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import { SwitchCore } from '../../hypervisor/switch/switch-core.ts'

/** A replica's end of its link. */
export type NetworkPlug = {
  readonly onMessages: (messages: readonly FromSwitch[]) => void
  readonly onClosed: (reason: string) => void
}

export class FakeClient {
  readonly core: SwitchClient
  readonly #network: FakeNetwork
  #received = Buffer.alloc(0)
  isReset = false
  isEnded = false

  constructor(network: FakeNetwork, port: number, peer: string) {
    this.#network = network
    this.core = new SwitchClient(this, port, peer)
  }

  send(text: string): void {
    this.#network.take({ kind: 'clientData', client: this.core, bytes: Buffer.from(text, 'latin1') })
  }

  /** Everything received so far. */
  get bytes(): Buffer {
    return this.#received
  }

  get text(): string {
    return this.#received.toString('latin1')
  }

  /** What came since the last `take`. */
  take(): Buffer {
    const bytes = this.#received
    this.#received = Buffer.alloc(0)
    return bytes
  }

  receive(chunks: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(chunks)
    this.#received = Buffer.concat([this.#received, bytes])
    this.#network.take({ kind: 'clientDrained', client: this.core, bytes: bytes.length })
  }
}

export class FakeNetwork {
  readonly core: SwitchCore
  readonly reports: SwitchReport[] = []
  #clients = 0

  constructor(vm: string) {
    this.core = new SwitchCore(vm)
  }

  /** A client that connects to the guest's port 7. */
  connect(): FakeClient {
    const client = new FakeClient(this, 7, `192.0.2.${++this.#clients}:1000`)
    this.take({ kind: 'clientOpened', client: client.core })
    return client
  }

  plug(vm: string, replica: string, plug: NetworkPlug): SwitchLink {
    const link = new SwitchLink(plug)
    this.deliver(link, [{ type: 'hello', version: SWITCH_VERSION, vm, replica }])
    return link
  }

  deliver(link: SwitchLink, messages: readonly ToSwitch[]): void {
    this.take({ kind: 'linkMessages', link, messages })
  }

  unplug(link: SwitchLink): void {
    this.take({ kind: 'linkClosed', link, reason: 'gone' })
  }

  /** @returns whether there was anything to do */
  turn(): boolean {
    if (!this.core.wantsTurn) return false
    this.take({ kind: 'turn' })
    return true
  }

  take(event: SwitchEvent): void {
    for (const command of this.core.step(event)) this.#perform(command)
  }

  #perform(command: SwitchCommand): void {
    if (command.kind === 'write') (command.client.handle as FakeClient).receive(command.chunks)
    else if (command.kind === 'send') (command.link.handle as NetworkPlug).onMessages(command.messages)
    else if (command.kind === 'closeLink') (command.link.handle as NetworkPlug).onClosed('closed by the switch')
    else if (command.kind === 'reset') (command.client.handle as FakeClient).isReset = true
    else if (command.kind === 'end') (command.client.handle as FakeClient).isEnded = true
    else if (command.kind === 'report') this.reports.push(command.report)
  }
}
