/** What the link fuzzer attacks: a decoder of bytes that come from another process. */
export type FuzzTarget = {
  readonly name: string
  /** Good streams, to be damaged. */
  readonly corpus: readonly Uint8Array[]
  /**
   * Feeds a stream in these pieces to a new decoder.
   * @returns how many messages came out, and the fault's name if it refused
   * @throws whatever a decoder must not throw
   */
  readonly feed: (pieces: readonly Uint8Array[]) => { readonly messages: number; readonly refused: string | undefined }
  /** Makes checksums right again after damage, so that what lies behind them is reached; without checksums, undefined. */
  readonly reseal?: (stream: Uint8Array) => Uint8Array
}
