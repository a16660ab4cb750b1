/**
 * A pair made of its parts: switch, primary and backup as commands of their own, each perhaps on a host of its own, so that
 * a drill can reach what lies between them.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { awaitService } from './await-service.ts'
import { type PairEvent, PairEventLog } from './pair-events.ts'
import { type PairHandle, signalIfAlive } from './pair.ts'
import type { Address } from './resp-client.ts'
import { TamperingProxy } from './tampering-proxy.ts'

export type Side = 'primary' | 'backup'

/** Where a part runs. */
export type PartHost = { readonly address: string; readonly exec: readonly string[] }
export type PartHosts = Readonly<Record<Side | 'switch', PartHost>>

export type PartsOptions = {
  /** Program and first arguments that run ft-run. */
  readonly ftRun: readonly string[]
  /** Further flags, as `ft-run` takes them for a pair. */
  readonly flags: readonly string[]
  /** Default: all parts on this host's loopback address. */
  readonly hosts?: PartHosts
  /** Put a proxy, which can damage what passes, into the logging channel. */
  readonly tamper?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export type PartsPair = PairHandle & {
  /** Takes the arbiter's directory away from one side, or gives it back. */
  reachArbiter(side: Side, reachable: boolean): void
  /** What stands between the replicas, with `tamper`. */
  readonly proxy: TamperingProxy | undefined
}

const LOOPBACK: PartHost = { address: '127.0.0.1', exec: [] }
const START_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
const STDERR_KEPT = 4000
const GUEST_PORT = 6379

/** @throws Error with what a part wrote, if it ends or stays silent instead of getting ready */
export async function startParts(options: PartsOptions): Promise<PartsPair> {
  const parts = new Parts(options)
  try {
    return await parts.start()
  } catch (error) {
    await parts.stop()
    throw error
  }
}

class Parts {
  readonly #options: PartsOptions
  readonly #hosts: PartHosts
  readonly #folder = mkdtempSync(join(tmpdir(), 'ft-drill-'))
  readonly #events = new PairEventLog()
  readonly #children: ChildProcess[] = []
  #proxy: TamperingProxy | undefined
  #stderr = ''
  #stopped: Promise<void> | undefined

  constructor(options: PartsOptions) {
    this.#options = options
    this.#hosts = options.hosts ?? { primary: LOOPBACK, backup: LOOPBACK, switch: LOOPBACK }
    mkdirSync(join(this.#folder, 'shared'))
    for (const side of ['primary', 'backup'] as const) this.#reachArbiter(side, true)
  }

  async start(): Promise<PartsPair> {
    const { switch: switchHost, primary: primaryHost } = this.#hosts
    const at = switchHost.address
    const ready = await this.#run('switch', ['--link', `${at}:0`, '--bind', at, '--port', `0:${GUEST_PORT}`], 'ready', [])
    const link = String(ready.event['link'])
    const listen = ['--listen', `${primaryHost.address}:0`]
    const primary = await this.#run('primary', [...this.#replicaFlags('primary', link), ...listen], 'listening', ['kv'])
    const channel = await this.#channel(addressOf(String(primary.event['address'])))
    const join = ['--primary', `${channel.host}:${channel.port}`]
    const backup = await this.#run('backup', [...this.#replicaFlags('backup', link), ...join], 'protected', ['kv'])
    const address = addressOf(String(ready.event['clients']).split(' ')[0] as string)
    // The switch opens a client port when the guest listens on the one behind it, a moment after the pair is one.
    if (await awaitService(address, START_MS_MAX) === null) throw new Error(`nobody answers at ${address.host}:${address.port}`)
    return {
      address, events: this.#events, proxy: this.#proxy,
      primary: { pid: primary.pid }, backup: { pid: backup.pid },
      reachArbiter: (side, reachable) => this.#reachArbiter(side, reachable), stop: () => this.stop()
    }
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  async #channel(primary: Address): Promise<Address> {
    if (this.#options.tamper !== true) return primary
    this.#proxy = await TamperingProxy.start(primary)
    return this.#proxy.address
  }

  #replicaFlags(side: Side, link: string): string[] {
    return ['--arbiter', this.#arbiterOf(side), '--switch', link, ...flagsOf(side, this.#options.flags)]
  }

  #arbiterOf(side: Side): string {
    return join(this.#folder, `arbiter-of-${side}`)
  }

  #reachArbiter(side: Side, reachable: boolean): void {
    const path = this.#arbiterOf(side)
    if (reachable === existsSync(path)) return
    if (reachable) symlinkSync(join(this.#folder, 'shared'), path)
    else unlinkSync(path)
  }

  async #run(
    part: Side | 'switch', flags: readonly string[], until: string, image: readonly string[],
  ): Promise<{ pid: number; event: PairEvent }> {
    const { ftRun, env } = this.#options
    const args = [part, '--json', '--insecure', '--vm', 'drill', ...flags, ...image]
    const [file, ...rest] = [...this.#hosts[part].exec, ...ftRun, ...args] as [string, ...string[]]
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...(part === 'switch' ? {} : env) } })
    this.#children.push(child)
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)))
    const own = new PairEventLog()
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as PairEvent
      own.push(event)
      this.#events.push(event)
    })
    const ended = once(child, 'close').then(([code, signal]) => {
      this.#events.push({ event: 'exit', role: part, pid: child.pid, code, signal })
      return null
    })
    const event = await Promise.race([own.find((one) => one.event === until, START_MS_MAX), ended])
    if (event === null) throw new Error(`${part} did not get ready: ${this.#stderr.trim() || args.join(' ')}`)
    return { pid: child.pid!, event }
  }

  async #stop(): Promise<void> {
    this.#proxy?.close()
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null)
    const ends = running.map((child) => once(child, 'close'))
    // Continued first: a stopped process takes no other signal.
    for (const child of running) for (const signal of ['SIGCONT', 'SIGTERM'] as const) signalIfAlive(child.pid!, signal)
    const impatience = setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), STOP_MS_MAX)
    await Promise.all(ends)
    clearTimeout(impatience)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A pair's flags name both engines; one replica's name its own. */
function flagsOf(side: Side, flags: readonly string[]): string[] {
  const own = [...flags]
  const at = own.indexOf('--backup-engine')
  if (at < 0) return own
  const [, backupEngine] = own.splice(at, 2) as [string, string]
  if (side === 'backup') own[own.indexOf('--engine') + 1] = backupEngine
  return own
}

function addressOf(text: string): Address {
  const [host, port] = text.split(':') as [string, string]
  return { host, port: Number(port) }
}
