/** How V8 ends the line of a Wasm frame. Names in a rewritten module hold no line breaks, so that none can look like this. */
const WASM_FRAME = /:wasm-function\[\d+\]:0x([0-9a-f]+)\)?$/m

/** Byte offset in its module of the instruction that trapped; undefined if the error does not tell. */
export function trapOffset(error: Error): number | undefined {
  const frame = WASM_FRAME.exec(error.stack ?? '')
  return frame === null ? undefined : parseInt(frame[1], 16)
}
