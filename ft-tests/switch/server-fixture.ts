/** Switches with real sockets, echo replicas on them, and small clients. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import type { SwitchReport } from '../../hypervisor/switch/commands.ts'
import { connectSwitch } from '../../hypervisor/host/switch/switch-client.ts'
import { createSwitchServer } from '../../hypervisor/host/switch/switch-server.ts'
import type { SwitchServer } from '../../hypervisor/host/switch/switch-server.ts'
import type { Address, SwitchPort } from '../../hypervisor/host/switch/switch-port.ts'
import type { FromSwitch } from '../../hypervisor/switch/messages.ts'
import { ECHO_PORT, EchoMachine, EchoReplica } from './echo-machine.ts'

const ANY: Address = { host: '127.0.0.1', port: 0 }

export type Closer = { teardown(fn: () => unknown): void }

export async function startSwitch(t: Closer, reports: SwitchReport[] = []): Promise<SwitchServer> {
  const server = await createSwitchServer({
    vm: 'vm',
    link: ANY,
    ports: new Map([[ECHO_PORT, ANY]]),
    onReport: (report) => reports.push(report)
  })
  t.teardown(() => server.close())
  return server
}

export function linkTo(server: SwitchServer, replica: string, vm = 'vm'): Promise<SwitchPort> {
  return connectSwitch(server.linkAddress, { vm, replica, retryMs: 0 })
}

/** An echo replica that answers every batch of inputs at once. */
export class LiveEcho {
  readonly replica: EchoReplica
  readonly port: SwitchPort
  closedBecause: string | null = null
  /** While false, inputs are captured and nothing is answered. */
  answering = true

  constructor(port: SwitchPort, replica: EchoReplica) {
    this.port = port
    this.replica = replica
    port.onMessages = (messages) => this.#on(messages)
    port.onClose = (reason) => (this.closedBecause = reason)
    port.send([replica.attach()])
  }

  answer(): void {
    const outputs = this.replica.takeOutputs()
    const ack = this.replica.ack(this.replica.machine.captured.length)
    this.port.send(outputs === null ? [ack] : [ack, outputs])
  }

  #on(messages: readonly FromSwitch[]): void {
    this.replica.on(messages)
    if (this.answering && this.replica.attached) this.answer()
  }
}

/** A replica attached under `term`, with an empty machine unless one is given. */
export async function startEcho(server: SwitchServer, term = 1, machine = new EchoMachine(), sentOutputs = 0): Promise<LiveEcho> {
  return new LiveEcho(await linkTo(server, `replica-${term}`), new EchoReplica(machine, term, sentOutputs))
}

export async function client(t: Closer, server: SwitchServer): Promise<Socket> {
  const socket = connect({ ...server.publicAddresses.get(ECHO_PORT)!, allowHalfOpen: true })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Resolves once `condition` holds. @throws Error after 5 s */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Everything received up to the end. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Resolves with the next `size` bytes. */
export async function read(socket: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(size) as Buffer | null
    if (bytes !== null) return bytes
    await once(socket, 'readable')
  }
}
