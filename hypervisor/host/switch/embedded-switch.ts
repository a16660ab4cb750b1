/** The switch inside the primary's process (`--net direct`): the same core, and a link that passes the messages themselves. */
import { SwitchLink } from '../../switch/link.ts'
import { SWITCH_VERSION } from '../../switch/messages.ts'
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'
import type { LinkHandle } from './link-socket.ts'
import { openPublicListeners } from './public-listeners.ts'
import type { PortMap } from './public-listeners.ts'
import { SwitchHost } from './switch-host.ts'
import type { SwitchHandlers } from './switch-host.ts'
import type { SwitchPort } from './switch-port.ts'

export type EmbeddedSwitchOptions = SwitchHandlers & {
  readonly vm: string
  readonly replica: string
  /** Guest port → where clients connect. */
  readonly ports: PortMap
}

export type EmbeddedSwitch = {
  /** The replica's end; its hello is done. */
  readonly port: SwitchPort
  readonly publicAddresses: PortMap
  readonly heldBytes: number
  readonly clientCount: number
  consoleInput(bytes: Uint8Array): void
  /** Drops all connections; resolves when the ports are free. */
  close(): Promise<void>
}

/** Starts a switch in this process. @throws Error in one line if a public port can't be bound */
export async function createEmbeddedSwitch(options: EmbeddedSwitchOptions): Promise<EmbeddedSwitch> {
  const host = new SwitchHost(options.vm, options)
  const publicListeners = await openPublicListeners(host, options.ports)
  return {
    port: new EmbeddedPort(host, options.vm, options.replica),
    publicAddresses: publicListeners.addresses,
    get heldBytes() {
      return host.heldBytes
    },
    get clientCount() {
      return host.clientCount
    },
    consoleInput: (bytes) => host.take({ kind: 'consoleInput', bytes }),
    async close() {
      host.close()
      await publicListeners.close()
    }
  }
}

class EmbeddedPort implements SwitchPort {
  onMessages: (messages: readonly FromSwitch[]) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #host: SwitchHost
  readonly #link: SwitchLink
  #closed = false

  constructor(host: SwitchHost, vm: string, replica: string) {
    const handle: LinkHandle = { send: (messages) => this.onMessages(messages), close: () => this.#lost() }
    this.#host = host
    this.#link = new SwitchLink(handle)
    this.send([{ type: 'hello', version: SWITCH_VERSION, vm, replica }])
  }

  send(messages: readonly ToSwitch[]): void {
    if (this.#closed) return
    this.#host.take({ kind: 'linkMessages', link: this.#link, messages })
    // Right after the replica's own turn instead of a loop turn later.
    queueMicrotask(this.#host.turn)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#host.take({ kind: 'linkClosed', link: this.#link, reason: 'the replica closed it' })
  }

  #lost(): void {
    if (this.#closed) return
    this.#closed = true
    this.onClose('the switch closed the link')
  }
}
