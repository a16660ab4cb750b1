/** Bytes or messages on a switch link that break its rules: that link is closed. The message is one line for a person. */
export class SwitchLinkError extends Error {
  override readonly name = 'SwitchLinkError'
}
