/** Whether two replicas may be a pair: they must be the same machine in different roles. */
import { CHANNEL_VERSION, type Hello } from '../../logging-channel/messages.ts'

/** @returns why not, in one line, or undefined if they may */
export function whyNotPeers(mine: Hello, theirs: Hello): string | undefined {
  if (theirs.version !== CHANNEL_VERSION) return `protocol version ${theirs.version}, this is version ${CHANNEL_VERSION}`
  if (theirs.vm !== mine.vm) return `virtual machine "${theirs.vm}", this is "${mine.vm}"`
  if (theirs.role === mine.role) return `both are ${mine.role}`
  if (theirs.runtime !== mine.runtime) return `runtime ${theirs.runtime}, this is ${mine.runtime}: replay needs the same one`
  if (theirs.image !== mine.image) {
    return `image ${theirs.image.slice(0, 12)}, this is ${mine.image.slice(0, 12)}: image, arguments and limits must be the same`
  }
  return undefined
}
