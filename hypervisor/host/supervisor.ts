/**
 * `ft-run IMAGE` on one machine: the switch in this process, a primary and a backup process, and an arbiter directory
 * of their own. It starts them, starts a new backup whenever one is missing (P2.3-7), tells what happens to them, and
 * leaves nothing behind.
 */
import { rm } from 'node:fs/promises'
import type { Report } from '../ft/events.ts'
import { ExitCode } from '../ft/exit-codes.ts'
import type { ReplicaStatus } from '../ft/replica.ts'
import { BackOff } from './back-off.ts'
import type { EngineName } from './engine-names.ts'
import { FailoverFiles } from './failover-files.ts'
import { ReplicaChild, type Role } from './replica-child.ts'
import type { LogRecord, Reporter } from './reporter.ts'
import { makeRunFolder, sweepRunFolders } from './run-folder.ts'
import { switchRecord } from './switch-report.ts'
import { StartError } from './usage-error.ts'
import { createSwitchServer, type SwitchServer } from './switch/switch-server.ts'
import type { PortMap } from './switch/public-listeners.ts'
import { formatAddress, type Address } from './switch/switch-port.ts'
import type { FromReplica } from './supervisor-messages.ts'

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
  /** Where failovers are put on record. */
  readonly recordsDirectory: string
  readonly report: Reporter
  readonly onConsole: (text: string) => void
}

export type Ready = { readonly address: Address; readonly primary: number; readonly backup: number | undefined }

/** A change that somebody may be waiting for. */
export type PairNews = { readonly child: ReplicaChild; readonly report: Report }

const stopGraceMs = 3000
/** After a failover clients come first: starting a process stops the switch for milliseconds, and takes a core for longer. */
const clientsFirstMs = 50

const unavailable: LogRecord = {
  level: 'error', msg: 'the service is UNAVAILABLE: its primary died while no backup was complete; the machine\'s state is lost',
  fields: { event: 'unavailable' }
}

export class Supervisor {
  readonly vm = `vm-${process.pid}`
  readonly #options: SupervisorOptions
  readonly #children = new Set<ReplicaChild>()
  readonly #backOff = new BackOff(() => this.#startBackup())
  readonly #failovers: FailoverFiles
  readonly #listeners = new Set<(news: PairNews) => void>()
  readonly #statusWaiters = new Map<ReplicaChild, (status: ReplicaStatus) => void>()
  #primary: ReplicaChild | undefined
  /** The backup, or the one that is to be it: the only one, or the one in whose place `#successor` is to come. */
  #backup: ReplicaChild | undefined
  #successor: ReplicaChild | undefined
  #isProtected = false
  /** The primary goes on without a backup, and would take one. */
  #isAlone = false
  #wantsBackup: boolean
  #directory = ''
  #switch: SwitchServer | undefined
  #stopping = false
  #started = false
  readonly #guestListens = Promise.withResolvers<void>()
  readonly #protected = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<number>()

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#wantsBackup = !options.unprotected
    this.#failovers = new FailoverFiles(options.recordsDirectory, this.vm, options.report)
    // Failures before somebody waits for these are reported through `ended`.
    this.#guestListens.promise.catch(() => {})
    this.#protected.promise.catch(() => {})
  }

  /** Resolves with the exit code when no replica is left. */
  get ended(): Promise<number> {
    return this.#ended.promise
  }

  get isProtected(): boolean {
    return this.#isProtected && this.#primary?.exited === false
  }

  /** Processes of the pair as it is now. */
  get pair(): { readonly primary: ReplicaChild | undefined; readonly backup: ReplicaChild | undefined } {
    return { primary: this.#primary, backup: this.#backup }
  }

  get address(): Address {
    return [...(this.#switch?.publicAddresses ?? this.#options.ports).values()][0]!
  }

  /** @throws Error in one line if a port is taken, StartError if a replica does not come up */
  async start(): Promise<Ready> {
    this.#directory = await makeRunFolder()
    // Nobody waits for it, and nothing depends on it.
    sweepRunFolders().catch(() => {})
    if (this.#options.net === 'switch') this.#switch = await this.#startSwitch()
    this.#primary = this.#spawn('primary', ['--listen', '127.0.0.1:0'])
    if (!this.#wantsBackup) this.#protected.resolve()
    await Promise.all([this.#guestListens.promise, this.#protected.promise])
    this.#started = true
    return { address: this.address, primary: this.#primary.pid, backup: this.#backup?.pid }
  }

  consoleInput(bytes: Uint8Array): void {
    if (this.#switch !== undefined) return this.#switch.consoleInput(bytes)
    for (const child of this.#children) child.tell({ type: 'console', text: new TextDecoder().decode(bytes) })
  }

  /** Powers the machine off and waits until every process is gone. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true
    this.#backOff.cancel()
    const [primary, backup] = [this.#primary, this.#isProtected ? this.#backup : undefined]
    // Whoever has no part in the service has nothing to end in good order.
    for (const child of this.#children) if (this.#started && child !== primary && child !== backup) child.kill()
    for (const child of this.#children) if (child === primary || this.#primary?.exited !== false) child.tell({ type: 'powerOff', reason })
    const killer = setTimeout(() => this.#killAll(), stopGraceMs)
    await Promise.all([...this.#children].map((child) => child.gone()))
    clearTimeout(killer)
    await this.#cleanUp()
    this.#ended.resolve(ExitCode.ok)
  }

  // What an operator may want (see control.ts)

  /** Calls `listener` for every report of a replica, until the returned function is called. */
  onNews(listener: (news: PairNews) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The live replica's own account; undefined if it does not answer in `timeoutMs`. */
  status(timeoutMs: number): Promise<ReplicaStatus | undefined> {
    const child = this.#primary
    if (child === undefined || child.exited) return Promise.resolve(undefined)
    const { promise, resolve } = Promise.withResolvers<ReplicaStatus | undefined>()
    const timer = setTimeout(() => resolve(undefined), timeoutMs)
    this.#statusWaiters.set(child, (status) => {
      clearTimeout(timer)
      resolve(status)
    })
    child.tell({ type: 'status' })
    return promise
  }

  /** A planned failover. Only where there is a backup that protects. */
  stepDown(): void {
    this.#primary!.tell({ type: 'stepDown' })
  }

  /** From now on there is to be a backup. */
  addBackup(): void {
    this.#wantsBackup = true
    if (!this.#isProtected) this.#backOff.wanted()
  }

  /** Starts another backup in the place of the one there is, which stays one until the other protects. */
  moveBackup(): ReplicaChild {
    this.#primary!.tell({ type: 'moveBackup' })
    return (this.#successor = this.#spawn('backup', ['--primary', formatAddress(this.#primary!.address!)]))
  }

  // Processes

  #killAll(): void {
    for (const child of this.#children) child.kill()
  }

  async #cleanUp(): Promise<void> {
    this.#backOff.cancel()
    this.#failovers.flush()
    await this.#switch?.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #startSwitch(): Promise<SwitchServer> {
    return createSwitchServer({
      vm: this.vm, link: { host: '127.0.0.1', port: 0 }, ports: this.#options.ports,
      // While everything is being stopped, lost links are no news.
      onReport: (report) => {
        this.#failovers.onSwitch(report)
        if (!this.#stopping) this.#log(switchRecord(report))
      },
      onConsole: (bytes) => this.#options.onConsole(new TextDecoder().decode(bytes)),
      onListen: (port) => this.#onGuestListen(port)
    })
  }

  #spawn(role: Role, channel: readonly string[]): ReplicaChild {
    const { command, replicaFlags, engines, codeCache = this.#directory, net, unprotected } = this.#options
    const where = net === 'direct' ? [] : ['--switch', formatAddress(this.#switch!.linkAddress)]
    const engine = ['--engine', engines[role], '--code-cache', codeCache]
    const alone = unprotected && role === 'primary' ? ['--unprotected'] : []
    const records = ['--records', this.#options.recordsDirectory]
    const flags = ['--vm', this.vm, '--arbiter', this.#directory, ...records, ...engine, ...where, ...channel, ...alone]
    const [program, ...first] = command
    const child = new ReplicaChild(role, program!, [...first, role, ...flags, ...replicaFlags], codeCache, {
      onMessage: (from, message) => this.#onMessage(from, message), onExit: (from, code, signal) => this.#onExit(from, code, signal)
    })
    this.#children.add(child)
    return child
  }

  #startBackup(): void {
    const primary = this.#primary
    if (this.#stopping || this.#backup !== undefined || primary?.exited !== false || primary.address === undefined) return
    this.#backup = this.#spawn('backup', ['--primary', formatAddress(primary.address)])
  }

  #needBackup(earliestMs = 0): void {
    if (this.#wantsBackup && !this.#stopping) this.#backOff.wanted(earliestMs)
  }

  // What they say

  #onMessage(child: ReplicaChild, message: FromReplica): void {
    switch (message.type) {
      case 'log': return this.#onLog(child, message.record, message.report)
      case 'listening':
        child.address = message.address
        if (child === this.#primary) this.#needBackup(this.#started ? clientsFirstMs : 0)
        return
      case 'guestListen': return this.#onGuestListen(message.port)
      case 'console': return this.#options.onConsole(message.text)
      case 'status': return this.#statusWaiters.get(child)?.(message.status)
      case 'halted': child.halted = message
    }
  }

  #onLog(child: ReplicaChild, record: LogRecord, report: Report | undefined): void {
    this.#log(record)
    if (report === undefined) return
    if (report.event === 'live') this.#onLive(child)
    else if (child === this.#primary) this.#onPrimary(report)
    if (report.event === 'failover') this.#failovers.onFailover(report.record)
    for (const listener of [...this.#listeners]) listener({ child, report })
  }

  #onLive(child: ReplicaChild): void {
    child.role = 'primary'
    this.#primary = child
    this.#backup = undefined
    this.#isProtected = false
    this.#isAlone = true
    for (const other of this.#children) if (other.exited) this.#children.delete(other)
  }

  #onPrimary(report: Report): void {
    if (report.event === 'protected') this.#onProtected(report.term, report.peer)
    else if (report.event === 'suspect') this.#isProtected = this.#isAlone = false
    else if (report.event === 'alone') {
      this.#isProtected = false
      this.#isAlone = true
      this.#backup = undefined
      if (this.#primary!.address !== undefined) this.#needBackup(clientsFirstMs)
    } else if (report.event === 'backup-lost') this.#onCandidateLost(report.peer)
  }

  #onProtected(term: number, peer: string): void {
    const backup = [...this.#children].find(({ name }) => name === peer)
    if (backup === this.#successor) this.#successor = undefined
    this.#backup = backup
    this.#isProtected = true
    this.#isAlone = false
    this.#backOff.succeeded()
    this.#protected.resolve()
    if (!this.#started) return
    const pids = { primary: { pid: this.#primary!.pid }, backup: { pid: backup?.pid } }
    const msg = `the service is PROTECTED: process ${this.#primary!.pid} is its primary, process ${backup?.pid} its backup`
    this.#log({ level: 'info', msg, fields: { event: 'pair', term, ...pids } })
  }

  #onCandidateLost(peer: string): void {
    const lost = [...this.#children].find(({ name }) => name === peer)
    lost?.kill()
    if (lost === this.#successor) this.#successor = undefined
    if (lost !== this.#backup) return
    this.#backup = undefined
    this.#needBackup()
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

  #onExit(child: ReplicaChild, code: number | null, signal: NodeJS.Signals | null): void {
    const how = child.halted?.reason ?? (signal === null ? `exit code ${code}` : `killed by ${signal}`)
    if (!this.#stopping) {
      const fields = { role: child.role, event: 'exit', pid: child.pid, code, signal }
      const level = signal === null && code === 0 ? 'info' : 'warn'
      this.#log({ level, msg: `${child.role} process ${child.pid} ended: ${how}`, fields })
    }
    if (this.#children.size > 1) this.#forget(child)
    const isLast = [...this.#children].every((other) => other.exited)
    // A backup that ended well was told to: the reason is the primary's, which follows.
    if (!this.#started && (code !== ExitCode.ok || isLast)) this.#fail(new StartError(how, code ?? ExitCode.host))
    if (this.#started && !this.#stopping) this.#afterExit(child)
    if (!isLast || this.#stopping || (this.#wantsBackup && !this.#started)) return
    const end = code ?? (this.#wantsBackup ? ExitCode.incomplete : ExitCode.host)
    if (end === ExitCode.incomplete) this.#log(unavailable)
    void this.#cleanUp().then(() => this.#ended.resolve(end))
  }

  /** Those that are gone for good are no longer kept, or a long life would fill memory with them. */
  #forget(child: ReplicaChild): void {
    this.#statusWaiters.delete(child)
    if (child !== this.#primary && this.#started) this.#children.delete(child)
  }

  #afterExit(child: ReplicaChild): void {
    if (child === this.#successor) this.#successor = undefined
    if (child === this.#backup && this.#isAlone) {
      this.#backup = undefined
      this.#needBackup()
    }
    if (child !== this.#primary || !this.#isAlone) return
    this.#backOff.cancel()
    // It would find out by itself that it may not go live; nothing is gained by waiting for that.
    this.#backup?.kill()
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
