/** A connection that carries bytes in order, or ends: what the logging channel needs of a transport. */

export type LinkHandlers = {
  /** The next bytes of the stream; they stay as they are, so views of them may be kept. */
  readonly onBytes: (bytes: Uint8Array) => void
  /**
   * Exactly once, after the last `onBytes`, however the link ended. Null: without a transport error, which is
   * also how a killed peer looks (only its goodbye tells the difference).
   */
  readonly onClose: (error: Error | null) => void
}

export interface Link {
  /** The peer's address, for messages. */
  readonly peer: string
  /** Both ends have proven that they hold the key. */
  readonly isSecure: boolean
  /** Bytes handed to `send` that the transport has not yet taken. */
  readonly bufferedBytes: number
  /** Sets the handlers and starts reading. Nothing is read, and nothing lost, before. To be called once. */
  start(handlers: LinkHandlers): void
  /** Queues bytes in one write; the caller must not change them afterwards. Without effect once the link has ended. */
  send(bytes: Uint8Array): void
  /** Ends in good order: what was sent still arrives; nothing is received any more. */
  close(): void
  /** Ends at once; what was sent may not arrive. */
  destroy(): void
  /**
   * Stops `onBytes` after the call that is running, until `resume`, so that the peer is held back. While paused,
   * heartbeats are not seen either, and the end of the link may not be.
   */
  pause(): void
  resume(): void
}
