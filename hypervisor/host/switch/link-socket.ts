/** A replica's TCP connection to the switch, on the switch's side. */
import type { Socket } from 'node:net'
import { decodeToSwitch, encodeFromSwitch } from '../../switch/codec.ts'
import { SwitchLink } from '../../switch/link.ts'
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'
import type { EventSink } from './client-socket.ts'
import { FramedSocket } from './framed-socket.ts'

/** The link behind a `SwitchLink`, be it a socket or a replica in this process. */
export interface LinkHandle {
  send(messages: readonly FromSwitch[]): void
  close(): void
}

export class LinkSocket implements LinkHandle {
  readonly #socket: Socket
  readonly #framed: FramedSocket<ToSwitch>

  constructor(socket: Socket, sink: EventSink) {
    const link = new SwitchLink(this)
    this.#socket = socket
    socket.setNoDelay(true)
    this.#framed = new FramedSocket(socket, decodeToSwitch, {
      onMessages: (messages) => sink({ kind: 'linkMessages', link, messages }),
      onLost: (reason) => sink({ kind: 'linkClosed', link, reason })
    })
  }

  send(messages: readonly FromSwitch[]): void {
    if (this.#socket.writable) this.#socket.write(encodeFromSwitch(messages))
  }

  /** Ends after what was sent. What still comes is read and dropped, so that the last message is not lost to a reset. */
  close(): void {
    this.#framed.close()
    this.#socket.end()
  }
}
