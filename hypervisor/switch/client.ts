/** A client's TCP connection as the switch core sees it: from outside in, or opened by the guest's `connect`. */

/** The host makes one per accepted socket and names it in events; its fields belong to the core. */
export class SwitchClient {
  /** The host's own object; the core never looks at it. */
  handle: unknown
  /** Guest port it came to; 0 for one that the guest opened. */
  readonly port: number
  /** "address:port" */
  readonly peer: string
  /** The machine's name for it; 0 until the machine is told of it. */
  conn = 0
  /** The core is through with it: no event about it means anything any more. */
  gone = false

  // Toward the machine.
  /** Bytes read that are not numbered yet, oldest first. */
  waiting: Uint8Array[] = []
  waitingBytes = 0
  /** Bytes numbered that the guest has not taken. */
  inFlightBytes = 0
  /** In the list of clients that have something to number. */
  due = false
  connectedDue = false
  peerEnded = false
  endNumbered = false
  resetDue = false
  paused = false
  /** The socket is gone in good order, its last bytes may still wait here. */
  closed = false

  // From the machine.
  /** Bytes and perhaps the end that this turn brought. */
  outgoing: Uint8Array[] = []
  touched = false
  guestEnded = false
  endWritten = false
  /** Bytes the guest sent less those reported back as drained: never above its send space. */
  unreportedBytes = 0
  /** Bytes drained toward the client since the last report. */
  drainedBytes = 0

  constructor(handle: unknown, port: number, peer: string) {
    this.handle = handle
    this.port = port
    this.peer = peer
  }
}
