/** Switch, arbiter and the replicas of one machine, one after another, for one point of the drill. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSwitchServer, type SwitchServer } from '../../hypervisor/host/switch/switch-server.ts'
import type { PreparedGuest } from '../../hypervisor/v8/prepare.ts'
import { FileArbiter } from '../../shared-disk/file-arbiter.ts'
import type { Address } from '../drill/resp-client.ts'
import { CrashReplica, type CrashSetting, VM } from './crash-replica.ts'

const GUEST_PORT = 6379
const LOOPBACK: Address = { host: '127.0.0.1', port: 0 }
const PATIENCE_MS = 10_000

/** The machine did not get where it must within a time that is long for it. */
export class Stuck extends Error {}

export class CrashWorld {
  readonly replicas: CrashReplica[] = []
  readonly #setting: CrashSetting
  readonly #switch: SwitchServer
  readonly #folder: string
  readonly #waiting = new Set<() => void>()

  private constructor(setting: CrashSetting, networkSwitch: SwitchServer, folder: string) {
    this.#setting = setting
    this.#switch = networkSwitch
    this.#folder = folder
  }

  static async open(guest: PreparedGuest): Promise<CrashWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'ft-exhaustive-'))
    const ports = new Map([[GUEST_PORT, LOOPBACK]])
    const silent = { onReport: () => {}, onConsole: () => {}, onListen: () => {} }
    const networkSwitch = await createSwitchServer({ vm: VM, link: LOOPBACK, ports, ...silent })
    const setting = { guest, arbiter: await FileArbiter.open(folder), switchLink: networkSwitch.linkAddress }
    return new CrashWorld(setting, networkSwitch, folder)
  }

  get clients(): Address {
    return this.#switch.publicAddresses.get(GUEST_PORT) as Address
  }

  /** Starts one more replica: the first one as primary, any other as backup of `primary`. */
  async add(primary?: CrashReplica): Promise<CrashReplica> {
    const name = `replica-${this.replicas.length + 1}`
    const replica = await CrashReplica.start(this.#setting, name, primary, () => this.#wake())
    this.replicas.push(replica)
    return replica
  }

  /** Resolves when `isSo`, looked at whenever a replica reports something. @throws Stuck after a while */
  async until(isSo: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      if (isSo()) resolve()
    }
    const timer = setTimeout(() => reject(new Stuck(`not within ${PATIENCE_MS} ms: ${what}`)), PATIENCE_MS)
    this.#waiting.add(look)
    look()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }

  async close(): Promise<void> {
    for (const replica of this.replicas) replica.kill()
    await this.#switch.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }
}
