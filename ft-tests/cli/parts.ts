/** Primary, backup and switch as commands of their own, and what can stand between them. */
import { TamperingProxy } from '../drill/tampering-proxy.ts'
import { Command, patience, temporaryFolder, type Closer, type Line } from './command.ts'

export type Address = { readonly host: string; readonly port: number }

export function addressOf(text: string): Address {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
}

type BackupOptions = { channel?: Address; image?: readonly string[]; port?: number; arbiter?: string }
type PartsFields = Pick<Parts, 'arbiter' | 'switch' | 'primary' | 'link' | 'client' | 'channel'> & { readonly image: readonly string[] }

/** A switch and a primary that waits for its backup. Each part listens on any free port of 127.0.0.1. */
export class Parts {
  readonly arbiter: string
  readonly switch: Command
  readonly primary: Command
  readonly link: string
  readonly client: Address
  /** Where the primary's channel listens. */
  readonly channel: Address
  readonly #t: Closer
  readonly #image: readonly string[]

  private constructor(t: Closer, parts: PartsFields) {
    this.#t = t
    this.arbiter = parts.arbiter
    this.switch = parts.switch
    this.primary = parts.primary
    this.link = parts.link
    this.client = parts.client
    this.channel = parts.channel
    this.#image = parts.image
  }

  /** @param image with its arguments; the guest port is 7 */
  static async start(t: Closer, ...image: readonly string[]): Promise<Parts> {
    const arbiter = temporaryFolder(t)
    const networkSwitch = new Command(t, ['switch', '--json', '--vm', 'parts', '--link', '127.0.0.1:0', '--port', '0:7'])
    const { link, clients } = await networkSwitch.line('ready') as Line & { link: string; clients: string }
    const primary = new Command(t, ['primary', ...replicaFlags(arbiter, link), '--listen', '127.0.0.1:0', ...image])
    const { address } = await primary.line('listening') as Line & { address: string }
    const client = addressOf(clients.split(' ')[0])
    return new Parts(t, { arbiter, switch: networkSwitch, primary, link, client, channel: addressOf(address), image })
  }

  /**
   * A backup that connects to `channel`, the primary's own unless something stands between, listens on `port`, any by default, and
   * asks the primary's `arbiter`, unless it has another one.
   */
  backup({ channel = this.channel, image = this.#image, port = 0, arbiter = this.arbiter }: BackupOptions = {}): Command {
    const where = ['--primary', `${channel.host}:${channel.port}`, '--listen', `127.0.0.1:${port}`]
    const flags = [...replicaFlags(arbiter, this.link), ...where]
    return new Command(this.#t, ['backup', ...flags, ...image])
  }
}

export function replicaFlags(arbiter: string, link: string): string[] {
  return ['--json', '--vm', 'parts', '--arbiter', arbiter, '--switch', link, ...patience]
}

/** A proxy before `target` that is gone after the test. */
export async function startProxy(t: Closer, target: Address): Promise<TamperingProxy> {
  const proxy = await TamperingProxy.start(target)
  t.teardown(() => proxy.close())
  return proxy
}
