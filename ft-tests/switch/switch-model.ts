/**
 * A random world around the switch core: clients that send marked streams to an echo machine, replicas that ack,
 * lag, die and come back with less than they had. `runModel` throws as soon as a client's stream is not exact.
 */
import { SwitchClient } from '../../hypervisor/switch/client.ts'
import type { SwitchCommand } from '../../hypervisor/switch/commands.ts'
import type { SwitchEvent } from '../../hypervisor/switch/events.ts'
import { SwitchLink } from '../../hypervisor/switch/link.ts'
import { SWITCH_VERSION, type FromSwitch, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import { SwitchCore } from '../../hypervisor/switch/switch-core.ts'
import { ECHO_PORT, EchoMachine, EchoReplica } from './echo-machine.ts'

/** A small seeded generator (mulberry32): integers from 0 to n - 1. */
export function random(seed: number): (n: number) => number {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

class ModelClient {
  readonly client: SwitchClient
  readonly id: number
  sent = 0
  received = 0
  unread = 0
  paused = false
  ended = false
  gotEnd = false
  dead = false

  constructor(id: number) {
    this.id = id
    this.client = new SwitchClient(this, ECHO_PORT, `client:${id}`)
  }

  /** Byte `at` of this client's stream: any loss, repetition or mix-up shows. */
  byte(at: number): number {
    return (this.id * 89 + at * 31 + (at >> 8) * 17) & 255
  }

  next(size: number): Uint8Array {
    const bytes = Uint8Array.from({ length: size }, (_, i) => this.byte(this.sent + i))
    this.sent += size
    return bytes
  }

  receive(bytes: Uint8Array): void {
    if (this.gotEnd) throw new Error(`client ${this.id} got data after the end`)
    for (const byte of bytes) {
      if (this.received >= this.sent) throw new Error(`client ${this.id} got more than it had sent`)
      if (byte !== this.byte(this.received)) throw new Error(`client ${this.id} got a wrong byte at ${this.received}`)
      this.received += 1
    }
    this.unread += bytes.length
  }

  receiveEnd(): void {
    if (!this.ended || this.received !== this.sent) throw new Error(`client ${this.id} got an early end`)
    this.gotEnd = true
  }
}

export type ModelStatistics = { failovers: number; bytes: number; duplicateBytes: number; closed: number; heldBytesMax: number }

class World {
  readonly core: SwitchCore
  readonly pick: (n: number) => number
  readonly clients: ModelClient[] = []
  readonly statistics: ModelStatistics = { failovers: 0, bytes: 0, duplicateBytes: 0, closed: 0, heldBytesMax: 0 }
  replica = new EchoReplica(new EchoMachine(), 1, 0)
  link = new SwitchLink('r1')
  /** Sent by the switch, not yet captured: lost if the link dies. */
  toReplica: FromSwitch[] = []
  /** Outputs the switch has processed can only be ones whose inputs the backup has. */
  backupHas = 0
  ackSent = 0

  constructor(core: SwitchCore, seed: number) {
    this.core = core
    this.pick = random(seed)
  }

  step(event: SwitchEvent): void {
    for (const command of this.core.step(event)) this.perform(command)
    if (this.core.heldBytes > this.statistics.heldBytesMax) this.statistics.heldBytesMax = this.core.heldBytes
  }

  perform(command: SwitchCommand): void {
    if (command.kind === 'send') {
      if (command.link === this.link) this.toReplica.push(...command.messages)
    } else if (command.kind === 'write') {
      for (const chunk of command.chunks) (command.client.handle as ModelClient).receive(chunk)
    } else if (command.kind === 'end') (command.client.handle as ModelClient).receiveEnd()
    else if (command.kind === 'pause') (command.client.handle as ModelClient).paused = true
    else if (command.kind === 'resume') (command.client.handle as ModelClient).paused = false
    else if (command.kind === 'report') this.checkReport(command.report.kind, command)
  }

  checkReport(kind: string, command: SwitchCommand): void {
    if (kind === 'linkError') throw new Error(`the switch refused the machine: ${JSON.stringify(command)}`)
  }

  send(...messages: (ToSwitch | null)[]): void {
    const present = messages.filter((m) => m !== null)
    if (present.length > 0) this.step({ kind: 'linkMessages', link: this.link, messages: present })
  }

  attach(): void {
    this.send({ type: 'hello', version: SWITCH_VERSION, vm: 'model', replica: `r${this.replica.term}` }, this.replica.attach())
  }

  open(): void {
    const client = new ModelClient(this.clients.length + 1)
    this.clients.push(client)
    this.step({ kind: 'clientOpened', client: client.client })
  }

  /** Something a client may do. */
  clientActs(client: ModelClient): void {
    if (client.dead) return
    const what = this.pick(10)
    if (what < 5 && !client.ended && !client.paused) {
      const size = this.pick(20) === 0 ? this.pick(60000) + 1 : this.pick(200) + 1
      this.step({ kind: 'clientData', client: client.client, bytes: client.next(size) })
    } else if (what < 8 && client.unread > 0) this.drain(client, this.pick(client.unread) + 1)
    else if (what === 8 && this.pick(20) === 0 && !client.ended) this.end(client)
    else if (what === 9 && this.pick(60) === 0) {
      client.dead = true
      this.step({ kind: 'clientReset', client: client.client })
    }
  }

  drain(client: ModelClient, bytes: number): void {
    client.unread -= bytes
    this.step({ kind: 'clientDrained', client: client.client, bytes })
  }

  end(client: ModelClient): void {
    client.ended = true
    this.step({ kind: 'clientEnded', client: client.client })
  }

  /** The machine captures what came; its backup, later, has it too; then outputs may leave (the output rule). */
  machineActs(): void {
    const { replica, pick } = this
    if (pick(2) === 0) replica.on(this.toReplica.splice(0, pick(this.toReplica.length + 1)))
    if (!replica.attached) return
    if (pick(2) === 0) this.backupHas = Math.max(this.backupHas, replica.machine.captured.length - pick(4))
    // Outputs of inputs that the backup has; sometimes only some of them.
    const allowed = replica.machine.copy(this.backupHas).outputs.length - replica.sentOutputs
    if (allowed > 0) this.send(replica.takeOutputs(pick(3) === 0 ? pick(allowed) : allowed))
    if (pick(2) === 0 && this.backupHas > this.ackSent) {
      this.ackSent = this.backupHas
      this.send(replica.ack(this.ackSent))
    }
  }

  /** The primary dies with everything that its backup did not have; the backup attaches and repeats its outputs. */
  failover(): void {
    this.statistics.failovers += 1
    if (this.pick(2) === 0) this.step({ kind: 'linkClosed', link: this.link, reason: 'killed' })
    this.toReplica = []
    const machine = this.replica.machine.copy(this.backupHas)
    const sure = this.pick(Math.min(machine.outputs.length, this.core.outbound.processed) + 1)
    this.replica = new EchoReplica(machine, this.replica.term + 1, sure)
    this.link = new SwitchLink(`r${this.replica.term}`)
    if (this.pick(2) === 0) this.whileNobodyIsLive()
    this.attach()
  }

  /** The primary's link breaks, the primary doesn't: it comes back under its term. */
  reconnect(): void {
    this.step({ kind: 'linkClosed', link: this.link, reason: 'cut' })
    this.toReplica = []
    this.replica.attached = false
    this.link = new SwitchLink('again')
    if (this.pick(2) === 0) this.whileNobodyIsLive()
    this.attach()
  }

  whileNobodyIsLive(): void {
    for (let i = 0; i < 50; i++) {
      if (this.clients.length > 0) this.clientActs(this.clients[this.pick(this.clients.length)])
      if (this.pick(10) === 0) this.step({ kind: 'turn' })
    }
    this.open()
  }

  /** Everyone ends, everything flows: in the end every client has its whole stream back. */
  finish(): void {
    for (const client of this.clients) if (!client.dead && !client.ended) this.end(client)
    for (let i = 0; i < 10_000 && this.clients.some((c) => !c.dead && !c.gotEnd); i++) {
      this.step({ kind: 'turn' })
      this.replica.on(this.toReplica.splice(0))
      this.backupHas = this.replica.machine.captured.length
      this.send(this.replica.takeOutputs(), this.replica.ack(this.backupHas))
      for (const client of this.clients) if (client.unread > 0 && !client.dead) this.drain(client, client.unread)
    }
    this.step({ kind: 'turn' })
    for (const client of this.clients) this.checkComplete(client)
  }

  checkComplete(client: ModelClient): void {
    if (client.dead) return
    if (!client.gotEnd) throw new Error(`client ${client.id} got ${client.received} of ${client.sent} bytes and no end`)
    this.step({ kind: 'clientClosed', client: client.client })
    this.statistics.closed += 1
    this.statistics.bytes += client.received
  }
}

/** Runs `core` (a new one) through a random life of `steps` steps. @throws Error at the first inexact stream */
export function runModel(core: SwitchCore, seed: number, steps: number): ModelStatistics {
  const world = new World(core, seed)
  world.attach()
  for (let i = 0; i < steps; i++) {
    if (world.clients.length < 8 && world.pick(20) === 0) world.open()
    for (const client of world.clients) if (world.pick(2) === 0) world.clientActs(client)
    if (world.pick(3) > 0) world.step({ kind: 'turn' })
    if (world.pick(2) === 0) world.machineActs()
    if (world.pick(60) === 0) world.failover()
    if (world.pick(100) === 0) world.reconnect()
  }
  world.finish()
  world.statistics.duplicateBytes = core.outbound.duplicateBytes
  return world.statistics
}
