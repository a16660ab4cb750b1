/** A replica's TCP connection to the network switch. */
import type { Socket } from 'node:net'
import { dial, DialError } from '../../../logging-channel/dial-tcp.ts'
import type { LinkKey } from '../../../logging-channel/secure-tcp.ts'
import { decodeFromSwitch, encodeToSwitch } from '../../switch/codec.ts'
import { SWITCH_VERSION } from '../../switch/messages.ts'
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'
import { FramedSocket } from './framed-socket.ts'
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
  readonly #framed: FramedSocket<FromSwitch>

  constructor(socket: Socket, isSecure: boolean) {
    this.#socket = socket
    this.#framed = new FramedSocket(socket, decodeFromSwitch, {
      onMessages: (messages) => this.onMessages(messages),
      // A switch with a key tells a stranger nothing.
      onLost: (reason) =>
        this.onClose(this.#framed.heard || isSecure ? reason : `${reason}, without a word: does it want a key (--key FILE)?`)
    })
  }

  send(messages: readonly ToSwitch[]): void {
    if (!this.#framed.closed) this.#socket.write(encodeToSwitch(messages))
  }

  close(): void {
    if (this.#framed.closed) return
    this.#framed.close()
    this.#socket.destroySoon()
  }
}
