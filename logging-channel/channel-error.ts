/** What is wrong with received bytes; decides what the owner of the channel does about it. */
export type ChannelFault =
  /** Not this protocol at all. */
  | 'magic'
  /** The peer speaks another version of it: no retry will help. */
  | 'version'
  /** Bytes changed on their way: reset the channel and start over. */
  | 'checksum'
  /** A frame longer than this side accepts. */
  | 'oversize'
  /** Checksums hold, but the content breaks the format: one side has a bug. */
  | 'malformed'

/** Received bytes that can't be read; the message says what and where in one line. Nothing after it is ever decoded. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError'
  readonly fault: ChannelFault
  constructor(fault: ChannelFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
