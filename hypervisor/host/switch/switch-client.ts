/** A replica's TCP connection to the network switch. */
import type { Socket } from 'node:net'
import { dial, DialError } from '../../../logging-channel/dial-tcp.ts'
import type { LinkKey } from '../../../logging-channel/secure-tcp.ts'
import { decodeFromSwitch, encodeToSwitch } from '../../switch/codec.ts'
import { FrameDecoder } from '../../switch/frame-decoder.ts'
import { SwitchLinkError } from '../../switch/link-error.ts'
import { SWITCH_VERSION } from '../../switch/messages.ts'
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'
import { formatAddress } from './switch-port.ts'
import type { Address, SwitchPort } from './switch-port.ts'

export type SwitchClientOptions = {
  readonly vm: string
  readonly replica: string
  /** With a key the link is encrypted and both sides prove that they hold it. */
  readonly key?: LinkKey | undefined
  /** How long to go on trying to connect; 0 tries once. */
  readonly retryMs: number
  /** Called at most once: there is no switch yet, for this reason. */
  readonly onWaiting?: (reason: string) => void
}

/**
 * Connects to the switch and says hello.
 * @throws Error in one line if the switch can't be reached within `retryMs`
 */
export async function connectSwitch(address: Address, options: SwitchClientOptions): Promise<SwitchPort> {
  const { vm, replica, key, retryMs, onWaiting } = options
  try {
    const port = new SocketPort(await dial({ ...address, key, timeoutMs: retryMs, onWaiting }), key !== undefined)
    port.send([{ type: 'hello', version: SWITCH_VERSION, vm, replica }])
    return port
  } catch (error) {
    if (!(error instanceof DialError)) throw error
    const at = formatAddress(address)
    const advice = error.isStranger ? '' : `; start it there ("ft-run switch --vm ${vm} --link ${at} ..."), or correct --switch`
    throw new Error(`can't reach the switch at ${at}: ${error.message}${advice}`, { cause: error })
  }
}

class SocketPort implements SwitchPort {
  onMessages: (messages: readonly FromSwitch[]) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #socket: Socket
  readonly #decoder = new FrameDecoder(decodeFromSwitch)
  #closed = false
  /** The other end has said something, be it only that it holds the key. */
  #heard: boolean

  constructor(socket: Socket, isSecure: boolean) {
    this.#socket = socket
    this.#heard = isSecure
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
    this.#heard = true
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
    // A switch with a key tells a stranger nothing.
    this.onClose(this.#heard ? reason : `${reason}, without a word: does it want a key (--key FILE)?`)
  }
}
