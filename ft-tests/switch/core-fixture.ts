/** A switch core with one replica link, its commands collected. */
import { SwitchClient } from '../../hypervisor/switch/client.ts'
import type { SwitchCommand, SwitchReport } from '../../hypervisor/switch/commands.ts'
import type { SwitchEvent } from '../../hypervisor/switch/events.ts'
import { SwitchLink } from '../../hypervisor/switch/link.ts'
import { SWITCH_VERSION, type Attach, type FromSwitch, type Output, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import { SwitchCore } from '../../hypervisor/switch/switch-core.ts'

export class CoreFixture {
  readonly core = new SwitchCore('vm')
  commands: SwitchCommand[] = []
  link = new SwitchLink('r1')
  term = 1
  replica = 'r1'
  nextOutput = 1

  step(event: SwitchEvent): void {
    this.commands.push(...this.core.step(event))
  }

  turn(): void {
    this.step({ kind: 'turn' })
  }

  send(...messages: ToSwitch[]): void {
    this.step({ kind: 'linkMessages', link: this.link, messages })
  }

  /** Hello and attach on a new link, then a turn. */
  attach(attach: Partial<Attach> = {}): void {
    this.link = new SwitchLink('r')
    this.term = attach.term ?? this.term
    this.send({ type: 'hello', version: SWITCH_VERSION, vm: 'vm', replica: this.replica })
    this.send({ type: 'attach', term: this.term, inputsCaptured: 0, nextOutput: this.nextOutput, ...attach })
    this.turn()
  }

  outputs(...outputs: Output[]): void {
    this.send({ type: 'outputs', term: this.term, first: this.nextOutput, outputs })
    this.nextOutput += outputs.length
    this.turn()
  }

  open(port = 80): SwitchClient {
    const client = new SwitchClient(null, port, '10.0.0.1:5000')
    this.step({ kind: 'clientOpened', client })
    this.turn()
    return client
  }

  data(client: SwitchClient, bytes: Uint8Array | string): void {
    this.step({ kind: 'clientData', client, bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes })
  }

  /** Commands since the last call. */
  take(): SwitchCommand[] {
    const commands = this.commands
    this.commands = []
    return commands
  }

  kinds(): string[] {
    return this.take().map((command) => command.kind)
  }

  /** Messages sent on the current link since the last take. */
  messages(): FromSwitch[] {
    return this.commands.flatMap((c) => (c.kind === 'send' && c.link === this.link ? c.messages : []))
  }

  inputs(): SwitchInput[] {
    return this.messages().flatMap((m) => (m.type === 'inputs' ? m.inputs : []))
  }

  reports(): SwitchReport[] {
    return this.commands.flatMap((c) => (c.kind === 'report' ? [c.report] : []))
  }

  /** Attached, listening on port 80, nothing pending. */
  static live(): CoreFixture {
    const fixture = new CoreFixture()
    fixture.attach()
    fixture.outputs({ kind: 'listen', port: 80 })
    fixture.take()
    return fixture
  }
}
