/**
 * `ft-run IMAGE` on one machine: the switch in this process, a primary and a backup process, and an arbiter directory
 * of their own. It starts them, tells what happens to them, and leaves nothing behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ExitCode } from '../ft/exit-codes.ts'
import type { LogRecord, Reporter } from './reporter.ts'
import { switchRecord } from './switch-report.ts'
import type { EngineName } from './engine-maker.ts'
import { StartError } from './usage-error.ts'
import { createSwitchServer, type SwitchServer } from './switch/switch-server.ts'
import type { PortMap } from './switch/public-listeners.ts'
import { formatAddress, type Address } from './switch/switch-port.ts'
import type { FromReplica, ToReplica } from './supervisor-messages.ts'

export type SupervisorOptions = {
  /** Program and arguments that run a replica; role and flags are appended. */
  readonly command: readonly string[]
  /** Flags for both replicas, the image among them. */
  readonly replicaFlags: readonly string[]
  /** What executes the guest in a replica of each role. */
  readonly engines: Readonly<Record<Role, EngineName>>
  /** Where code is kept; the pair's own directory, gone with it, if undefined. */
  readonly codeCache: string | undefined
  readonly ports: PortMap
  readonly net: 'switch' | 'direct'
  readonly unprotected: boolean
  readonly report: Reporter
  readonly onConsole: (text: string) => void
}

export type Ready = { readonly address: Address; readonly primary: number; readonly backup: number | undefined }

type Role = 'primary' | 'backup'
type Child = { readonly role: Role; readonly process: ChildProcess; exited: boolean; halted: { code: number; reason: string } | undefined }

const stopGraceMs = 3000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #children: Child[] = []
  readonly #vm = `vm-${process.pid}`
  #directory = ''
  #switch: SwitchServer | undefined
  #stopping = false
  #started = false
  readonly #guestListens = Promise.withResolvers<void>()
  readonly #protected = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<number>()

  constructor(options: SupervisorOptions) {
    this.#options = options
    // Failures before somebody waits for these are reported through `ended`.
    this.#guestListens.promise.catch(() => {})
    this.#protected.promise.catch(() => {})
  }

  /** Resolves with the exit code when no replica is left. */
  get ended(): Promise<number> {
    return this.#ended.promise
  }

  /** @throws Error in one line if a port is taken, StartError if a replica does not come up */
  async start(): Promise<Ready> {
    const { net, ports, unprotected } = this.#options
    this.#directory = await mkdtemp(join(tmpdir(), 'ft-run-'))
    if (net === 'switch') this.#switch = await this.#startSwitch()
    const primary = this.#spawn('primary', ['--listen', '127.0.0.1:0'])
    if (unprotected) this.#protected.resolve()
    await Promise.all([this.#guestListens.promise, this.#protected.promise])
    this.#started = true
    const backup = this.#children.find((child) => child.role === 'backup')
    const addresses = this.#switch?.publicAddresses ?? ports
    return { address: [...addresses.values()][0]!, primary: primary.process.pid!, backup: backup?.process.pid }
  }

  consoleInput(bytes: Uint8Array): void {
    if (this.#switch !== undefined) return this.#switch.consoleInput(bytes)
    for (const child of this.#children) tell(child, { type: 'console', text: new TextDecoder().decode(bytes) })
  }

  /** Powers the machine off and waits until every process is gone. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true
    for (const child of this.#children) if (child.role === 'primary' || !this.#alive('primary')) tell(child, { type: 'powerOff', reason })
    const killer = setTimeout(() => this.#killAll(), stopGraceMs)
    await Promise.all(this.#children.map((child) => gone(child)))
    clearTimeout(killer)
    await this.#cleanUp()
    this.#ended.resolve(ExitCode.ok)
  }

  #alive(role: Role): boolean {
    return this.#children.some((child) => child.role === role && !child.exited)
  }

  #killAll(): void {
    for (const child of this.#children) if (!child.exited) child.process.kill('SIGKILL')
  }

  async #cleanUp(): Promise<void> {
    await this.#switch?.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #startSwitch(): Promise<SwitchServer> {
    return createSwitchServer({
      vm: this.#vm, link: { host: '127.0.0.1', port: 0 }, ports: this.#options.ports,
      // While everything is being stopped, lost links are no news.
      onReport: (report) => this.#stopping || this.#log(switchRecord(report)),
      onConsole: (bytes) => this.#options.onConsole(new TextDecoder().decode(bytes)),
      onListen: (port) => this.#onGuestListen(port)
    })
  }

  #spawn(role: Role, channel: readonly string[]): Child {
    const { command, replicaFlags, engines, codeCache, net, unprotected } = this.#options
    const where = net === 'direct' ? [] : ['--switch', formatAddress(this.#switch!.linkAddress)]
    const engine = ['--engine', engines[role], '--code-cache', codeCache ?? this.#directory]
    const alone = unprotected ? ['--unprotected'] : []
    const flags = ['--vm', this.#vm, '--arbiter', this.#directory, ...engine, ...where, ...channel, ...alone]
    const [program, ...first] = command
    const child: Child = {
      role, exited: false, halted: undefined,
      process: spawn(program!, [...first, role, ...flags, ...replicaFlags], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    }
    this.#children.push(child)
    child.process.on('message', (message) => this.#onMessage(child, message as FromReplica))
    child.process.on('exit', (code, signal) => this.#onExit(child, code, signal))
    return child
  }

  #onMessage(child: Child, message: FromReplica): void {
    switch (message.type) {
      case 'log':
        this.#log(message.record)
        if (message.report?.event === 'protected' && child.role === 'primary') this.#protected.resolve()
        return
      case 'listening': return void this.#spawn('backup', ['--primary', formatAddress(message.address)])
      case 'guestListen': return this.#onGuestListen(message.port)
      case 'console': return this.#options.onConsole(message.text)
      case 'halted': child.halted = message
    }
  }

  #onGuestListen(port: number): void {
    const published = this.#options.ports
    if (published.has(port)) return this.#guestListens.resolve()
    const ports = [...published.keys()].join(', ')
    this.#log({
      level: 'warn',
      msg: `the guest listens on its port ${port}, which is not published (published: ${ports}); use --port HOSTPORT:${port}`,
      fields: { event: 'unpublished-port', port }
    })
  }

  #onExit(child: Child, code: number | null, signal: NodeJS.Signals | null): void {
    child.exited = true
    const how = child.halted?.reason ?? (signal === null ? `exit code ${code}` : `killed by ${signal}`)
    if (!this.#stopping) {
      const fields = { role: child.role, event: 'exit', pid: child.process.pid, code, signal }
      const level = signal === null && code === 0 ? 'info' : 'warn'
      this.#log({ level, msg: `${child.role} process ${child.process.pid} ended: ${how}`, fields })
    }
    const isLast = this.#children.every((other) => other.exited)
    // A backup that ended well was told to: the reason is the primary's, which follows.
    if (!this.#started && (code !== ExitCode.ok || isLast)) this.#fail(new StartError(how, code ?? ExitCode.host))
    if (!isLast || this.#stopping) return
    if (!this.#options.unprotected && this.#children.length < 2) return
    void this.#cleanUp().then(() => this.#ended.resolve(code ?? ExitCode.host))
  }

  /** A replica that can't come up ends the start; what it said is the reason. */
  #fail(error: Error): void {
    this.#guestListens.reject(error)
    this.#protected.reject(error)
  }

  #log(record: LogRecord): void {
    this.#options.report(record)
  }
}

function tell(child: Child, message: ToReplica): void {
  // A child that is ending can't listen any more: its exit is noticed anyway.
  if (!child.exited && child.process.connected) child.process.send(message, undefined, {}, () => {})
}

function gone(child: Child): Promise<void> {
  if (child.exited) return Promise.resolve()
  return new Promise((resolve) => child.process.once('exit', () => resolve()))
}
