/** One replica as an operating system process: reads the image, builds machine and core, connects them to the network. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Link } from '../../logging-channel/link.ts'
import { connectLink, listenLinks } from '../../logging-channel/link-tcp.ts'
import { deriveLinkKey, type LinkKey, type LinkPurpose } from '../../logging-channel/secure-tcp.ts'
import { accountOf, noteEnd } from '../../shared-disk/file-account.ts'
import { FileArbiter } from '../../shared-disk/file-arbiter.ts'
import type { Engine, HostCalls } from '../machine/engine.ts'
import { Machine } from '../machine/machine.ts'
import { Replica, type ReplicaStatus } from '../ft/replica.ts'
import { Divergence } from '../ft/divergence.ts'
import type { Role } from '../ft/phase.ts'
import type { Report } from '../ft/events.ts'
import { ExitCode } from '../ft/exit-codes.ts'
import { BackOff } from './back-off.ts'
import { type EngineMade, engineMaker, type MakeEngine } from './engine-maker.ts'
import type { EngineName } from './engine-names.ts'
import { identityOf, type Image, useImage } from './image.ts'
import { QuantumController } from './quantum.ts'
import { realWorld } from './real-world.ts'
import { ReplicaHost } from './replica-host.ts'
import { keepSnapshot } from './snapshot-file.ts'
import { createEmbeddedSwitch, type EmbeddedSwitch } from './switch/embedded-switch.ts'
import type { PortMap } from './switch/public-listeners.ts'
import { connectSwitch } from './switch/switch-client.ts'
import { type Address, formatAddress } from './switch/switch-port.ts'

export type ReplicaTuning = {
  readonly memoryPagesMax: number
  readonly heartbeatIntervalMs: number
  readonly heartbeatsMissedMax: number
  readonly quantumMs: number
  readonly windowBytesMax: number
  readonly stateHashIntervalMs: number
  readonly lagMsMax: number
}

export type ReplicaProcessOptions = ReplicaTuning & {
  readonly role: Role
  readonly image: Image
  readonly args: readonly string[]
  readonly engine: EngineName
  /** Directory of the code cache; undefined for none. */
  readonly codeCache: string | undefined
  readonly vm: string
  readonly arbiterDirectory: string
  readonly unprotected: boolean
  /** Where machines are kept after a divergence. */
  readonly recordsDirectory: string
  /** Where a backup connects, once this replica is live. */
  readonly listen: Address
  /** Backup: where its primary listens. */
  readonly primary: Address | undefined
  /** Shared by all parts of the machine; without it, channel and switch link are plain. */
  readonly sharedSecret: Uint8Array | undefined
  /** The switch's link address; or, without a switch, the ports this replica opens itself once it is live. */
  readonly net: { readonly switch: Address } | { readonly direct: PortMap }
  readonly events: ReplicaProcessEvents
}

export type KeptSnapshot = {
  readonly path: string
  readonly seq: number
  readonly role: Role
  /** Why there is none after all. */
  readonly error: string | undefined
}

export type ReplicaProcessEvents = {
  readonly onSnapshotKept: (kept: KeptSnapshot) => void
  /** `role`: of this replica when it reported. */
  readonly onReport: (report: Report, role: Role) => void
  /** The replica is about to start, on this engine. */
  readonly onEngine: (made: EngineMade) => void
  /** `what` is not there yet, for this reason; this replica waits for it. */
  readonly onWaiting: (what: string, reason: string, role: Role) => void
  /** Someone at the channel's address could not prove to be a replica of this machine. */
  readonly onRefused: (address: string, reason: string, role: Role) => void
  /** This replica is live, and takes backups at this address. */
  readonly onListening: (address: Address) => void
  /** Without a switch: the guest listens on this port of its own. */
  readonly onGuestListen: (port: number) => void
  readonly onConsole: (bytes: Uint8Array) => void
  readonly onHalt: (code: ExitCode, reason: string) => void
}

const windowEntriesMax = 1_000_000
const bindRetryMs = 20
/** A link to the switch that lasts so long is no failure to connect. */
const steadyLinkMs = 1000
const silentPeerMs = 3000
const lastWordsMs = 1000
/** How many may wait for this replica to hold a term, and how long: they can't know that it is a backup. */
const earlyPeersMax = 16
const earlyPeerMs = 10_000

export class ReplicaProcess {
  readonly #options: ReplicaProcessOptions
  readonly #replicaId: string
  #host: ReplicaHost | undefined
  #embedded: EmbeddedSwitch | undefined
  #halted = false
  #guestEnded = false
  #rejoin: BackOff | undefined
  #engineMade: EngineMade | undefined
  #role: Role
  #replica: Replica | undefined
  #listensAt: Address | undefined
  #holdsTerm = false
  /** Connected before this replica holds a term. */
  readonly #early = new Set<Link>()

  /** @throws in one line: UsageError for a bad image, Error for an address or a directory that can't be used */
  static async start(options: ReplicaProcessOptions): Promise<ReplicaProcess> {
    const process = new ReplicaProcess(options)
    await process.#start()
    return process
  }

  private constructor(options: ReplicaProcessOptions) {
    this.#options = options
    this.#role = options.role
    this.#replicaId = `${options.role}-${globalThis.process.pid}`
  }

  powerOff(reason: string): void {
    this.#host?.powerOff(reason)
  }

  /** The operator wants this primary to hand over, or expects another backup to take the place of the one there is. */
  control(kind: 'stepDown' | 'moveBackup'): void {
    this.#host?.control({ kind })
  }

  /** Now: a backup that went live is a primary. */
  get role(): Role {
    return this.#role
  }

  status(): ReplicaStatus {
    return this.#replica!.status()
  }

  consoleInput(bytes: Uint8Array): void {
    this.#embedded?.consoleInput(bytes)
  }

  /** The host can't go on; an exception that nobody caught ends up here. */
  fail(error: unknown): void {
    this.#host?.fail(error instanceof Error ? `${error.message}\n${error.stack}` : String(error))
  }

  async #start(): Promise<void> {
    const { vm, arbiterDirectory, heartbeatIntervalMs, quantumMs, engine, events } = this.#options
    const { replica, machine } = this.#build(await engineMaker(engine))
    const arbiter = await FileArbiter.open(arbiterDirectory)
    const host = new ReplicaHost({
      replica, machine, arbiter, vm, replicaId: this.#replicaId,
      quantum: new QuantumController(quantumMs), heartbeatIntervalMs,
      onReport: (report) => {
        if (report.event === 'protected' && this.#role === 'backup') this.#checkStorage(arbiter, report.term)
        this.#onReport(report)
      },
      onKeepSnapshot: (seq) => this.#keepSnapshot(machine, seq),
      onHalt: (code, reason) => {
        this.#halted = true
        void this.#embedded?.close()
        void this.#lastWords(arbiter, code, reason).then((text) => events.onHalt(code, text))
      }
    })
    this.#host = host
    this.#replica = replica
    await this.#joinNetwork(host)
    events.onEngine(this.#engineMade!)
    host.start()
    await this.#joinPeer(host)
  }

  #build(makeEngine: MakeEngine): { replica: Replica; machine: Machine } {
    const { role, vm, image, args, memoryPagesMax, unprotected, lagMsMax } = this.#options
    let machine: Machine | undefined
    const config = {
      role, vm, replica: this.#replicaId, image: identityOf(image, args, memoryPagesMax), runtime: globalThis.process.version,
      unprotected, lagMsMax, heartbeatIntervalMs: this.#options.heartbeatIntervalMs, heartbeatsMissedMax: this.#options.heartbeatsMissedMax,
      windowBytesMax: this.#options.windowBytesMax, windowEntriesMax, stateHashIntervalMs: this.#options.stateHashIntervalMs
    }
    const replica = new Replica(config, realWorld, crc32, (outside) => {
      machine = new Machine((calls) => this.#createEngine(makeEngine, calls), args, outside)
      return machine
    })
    return { replica, machine: machine! }
  }

  #createEngine(makeEngine: MakeEngine, calls: HostCalls): Engine {
    const { image, memoryPagesMax, codeCache } = this.#options
    const onHalt = (error: unknown): void => {
      if (error instanceof Divergence) this.#host!.diverged(error)
      else this.fail(error)
    }
    const limits = { memoryPagesMax }
    const { engine, made } = useImage(image, (bytes) => makeEngine({ image: bytes, limits, cacheDirectory: codeCache }, calls, onHalt))
    this.#engineMade = made
    return engine
  }

  async #joinNetwork(host: ReplicaHost): Promise<void> {
    const { net, role } = this.#options
    if ('switch' in net) return this.#joinSwitch(host, net.switch, 10_000)
    if (role === 'primary') await this.#openPorts(host, net.direct)
  }

  async #joinSwitch(host: ReplicaHost, address: Address, retryMs: number): Promise<void> {
    const { vm, events } = this.#options
    const onWaiting = (reason: string): void => events.onWaiting(`the switch at ${formatAddress(address)}`, reason, this.#role)
    const port = await connectSwitch(address, { vm, replica: this.#replicaId, retryMs, key: this.#key('switch'), onWaiting })
    const connectedMs = performance.now()
    this.#rejoin ??= new BackOff(() => void this.#joinSwitch(host, address, Infinity).catch((error: unknown) => this.fail(error)))
    host.connectSwitch(port, () => {
      if (performance.now() - connectedMs > steadyLinkMs) this.#rejoin?.succeeded()
      this.#rejoin?.wanted()
    })
  }

  async #openPorts(host: ReplicaHost, ports: PortMap): Promise<void> {
    const { vm, events } = this.#options
    const handlers = { onListen: events.onGuestListen, onConsole: events.onConsole }
    this.#embedded = await createEmbeddedSwitch({ vm, replica: this.#replicaId, ports, ...handlers })
    host.connectSwitch(this.#embedded.port, () => this.fail(new Error('the embedded switch closed its link')))
  }

  async #joinPeer(host: ReplicaHost): Promise<void> {
    const { primary } = this.#options
    await this.#listen(host)
    if (primary === undefined) return this.#tellListening()
    const what = `the primary at ${formatAddress(primary)}`
    const onWaiting = (reason: string): void => this.#options.events.onWaiting(what, reason, this.#role)
    host.connectPeer(await connectLink({ ...primary, key: this.#key('channel'), onWaiting }))
    setTimeout(() => {
      if (!this.#halted && this.status().phase === 'joining') onWaiting('it has not said a word since it took the connection')
    }, silentPeerMs)
  }

  /** Before it is needed: a first listen takes Node 10 ms, which clients of a failover would wait for. */
  async #listen(host: ReplicaHost): Promise<void> {
    const { listen, events } = this.#options
    const onLink = (link: Link): void => this.#onLink(host, link)
    const onRefused = (address: string, reason: string): void => events.onRefused(address, reason, this.#role)
    const listener = await listenLinks({ ...listen, onLink, key: this.#key('channel'), onRefused })
    this.#listensAt = { host: listener.host, port: listener.port }
  }

  /** A backup may come before a term is won here; there is no term to speak of until then. */
  #onLink(host: ReplicaHost, link: Link): void {
    if (this.#holdsTerm) return host.connectPeer(link)
    if (this.#early.size >= earlyPeersMax) return link.destroy()
    this.#early.add(link)
    setTimeout(() => {
      if (this.#early.delete(link)) link.destroy()
    }, earlyPeerMs)
  }

  #holdTerm(): void {
    this.#holdsTerm = true
    for (const link of this.#early) this.#host!.connectPeer(link)
    this.#early.clear()
  }

  #tellListening(): void {
    this.#options.events.onListening(this.#listensAt!)
  }

  #key(purpose: LinkPurpose): LinkKey | undefined {
    const { sharedSecret, vm } = this.#options
    return sharedSecret && deriveLinkKey(sharedSecret, purpose, vm)
  }

  #keepSnapshot(machine: Machine, seq: number): void {
    const { vm, recordsDirectory, image, args, memoryPagesMax, events } = this.#options
    const path = join(recordsDirectory, `${vm}-divergence-${seq}-${this.#role}.ftsnapshot`)
    // A backup that has diverged halts next.
    const isEnding = this.#role === 'backup'
    keepSnapshot(machine, identityOf(image, args, memoryPagesMax), path, isEnding, (error) => {
      events.onSnapshotKept({ path, seq, role: this.#role, error: error?.message })
    })
  }

  /**
   * For people, beside the arbiter's record: whoever holds the term says there that the machine has ended, and whoever finds
   * its name taken says what is known of the machine. @returns the reason to tell
   */
  async #lastWords(arbiter: FileArbiter, code: ExitCode, reason: string): Promise<string> {
    const { vm, arbiterDirectory } = this.#options
    const { term: ownTerm } = this.status()
    const isNameTaken = code === ExitCode.lost && ownTerm === 0
    const hasEnded = ownTerm > 0 && (code === ExitCode.ok || this.#guestEnded)
    if (!isNameTaken && !hasEnded) return reason
    const words = async (): Promise<string> => {
      const { term, holder } = await arbiter.current(vm)
      if (isNameTaken) return `${reason}: ${await accountOf(arbiterDirectory, vm, term, holder)}`
      if (holder === this.#replicaId && term === ownTerm) await noteEnd(arbiterDirectory, vm, term, holder, reason)
      return reason
    }
    // A storage that does not answer any more keeps nobody from ending.
    return await Promise.race([words().catch(() => reason), delay(lastWordsMs, reason)])
  }

  /** A backup that asks another arbiter than its primary does protects nothing; at a failover it would be too late to say so. */
  #checkStorage(arbiter: FileArbiter, term: number): void {
    const { vm } = this.#options
    const unknown = `${arbiter.directory} has no term ${term} of ${vm}: --arbiter must name the storage that the primary uses too`
    // One that is away for a while is asked again when it matters.
    arbiter.knows(vm, term).then((known) => known || this.#host!.fail(unknown), () => {})
  }

  #onReport(report: Report): void {
    if (report.event === 'guest-ended') this.#guestEnded = true
    this.#options.events.onReport(report, this.#role)
    if (report.event === 'waiting' || report.event === 'alone') this.#holdTerm()
    if (report.event === 'live') this.#becomeLive()
  }

  #becomeLive(): void {
    const { net } = this.#options
    this.#role = 'primary'
    this.#holdTerm()
    this.#tellListening()
    if ('direct' in net) this.#takeOverPorts(net.direct)
  }

  /** The old primary may hold the ports a moment longer: a stopped process keeps its sockets. */
  #takeOverPorts(ports: PortMap): void {
    this.#openPorts(this.#host!, ports).catch(() => {
      if (!this.#halted) setTimeout(() => this.#takeOverPorts(ports), bindRetryMs)
    })
  }
}
