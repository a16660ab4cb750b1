/** A replica's TCP connection to the network switch. */
import type { Socket } from 'node:net'
import { explainHandshake, openSocket } from '../../../logging-channel/secure-tcp.ts'
import type { LinkKey } from '../../../logging-channel/secure-tcp.ts'
import { decodeFromSwitch, encodeToSwitch } from '../../switch/codec.ts'
import { FrameDecoder } from '../../switch/frame-decoder.ts'
import { SwitchLinkError } from '../../switch/link-error.ts'
import { SWITCH_VERSION } from '../../switch/messages.ts'
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'
import { formatAddress } from './switch-port.ts'
import type { Address, SwitchPort } from './switch-port.ts'

const RETRY_EVERY_MS = 50

export type SwitchClientOptions = {
  readonly vm: string
  readonly replica: string
  /** With a key the link is encrypted and both sides prove that they hold it. */
  readonly key?: LinkKey | undefined
  /** How long to go on trying to connect; 0 tries once. */
  readonly retryMs: number
}

/**
 * Connects to the switch and says hello.
 * @throws Error in one line if the switch can't be reached within `retryMs`
 */
export async function connectSwitch(address: Address, options: SwitchClientOptions): Promise<SwitchPort> {
  const deadline = performance.now() + options.retryMs
  for (;;) {
    try {
      const port = new SocketPort(await open(address, options.key))
      port.send([{ type: 'hello', version: SWITCH_VERSION, vm: options.vm, replica: options.replica }])
      return port
    } catch (error) {
      const stranger = explainHandshake(error as Error)
      const problem = `can't reach the switch at ${formatAddress(address)}: ${stranger ?? (error as Error).message}`
      if (stranger !== undefined || performance.now() >= deadline) throw new Error(problem, { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS))
  }
}

function open(address: Address, key: LinkKey | undefined): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = openSocket(address, key, () => {
    socket.removeListener('error', reject)
    resolve(socket)
  })
  socket.once('error', reject)
  return promise
}

class SocketPort implements SwitchPort {
  onMessages: (messages: readonly FromSwitch[]) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #socket: Socket
  readonly #decoder = new FrameDecoder(decodeFromSwitch)
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#onData(bytes as Buffer))
    socket.on('end', () => this.#lost('the switch closed the link'))
    socket.on('error', (error) => this.#lost(error.message))
    socket.on('close', () => this.#lost('the link is closed'))
  }

  send(messages: readonly ToSwitch[]): void {
    if (!this.#closed) this.#socket.write(encodeToSwitch(messages))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroySoon()
  }

  #onData(bytes: Uint8Array): void {
    if (this.#closed) return
    let messages
    try {
      messages = this.#decoder.push(bytes)
    } catch (error) {
      if (!(error instanceof SwitchLinkError)) throw error
      this.#lost(error.message)
      return
    }
    if (messages.length > 0) this.onMessages(messages)
  }

  #lost(reason: string): void {
    this.#socket.destroy()
    if (this.#closed) return
    this.#closed = true
    this.onClose(reason)
  }
}
