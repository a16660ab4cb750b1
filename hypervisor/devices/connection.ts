/** One connection as the machine sees it. Flow control counts in bytes, both ways, against fixed spaces. */
import type { StateHasher } from '../machine/state-hash.ts'
import { ByteQueue } from './byte-queue.ts'

export const sendSpaceBytes = 256 * 1024
export const receiveSpaceBytes = 256 * 1024
/** Taken bytes are reported to the switch in steps of this size, not one by one. */
export const creditStepBytes = 64 * 1024

export class Connection {
  readonly id: number
  readonly peer: string
  readonly port: number
  readonly received = new ByteQueue()
  /** What the guest may still send before the peer's side has taken some. */
  sendSpace = sendSpaceBytes
  /** Taken by the guest, not yet credited to the switch. */
  uncredited = 0
  /** False until an outgoing connect has succeeded. */
  established: boolean
  peerEnded = false
  guestEnded = false
  /** The guest gave it up (`net_close`); it lingers here until the peer is done too. */
  abandoned = false
  /** A `net_send` fell short: a WRITABLE event is owed. */
  wantsSpace = false
  /** A DATA event is queued and not yet pulled; more data does not queue another. */
  dataQueued = false

  constructor(id: number, port: number, peer: string, established: boolean) {
    this.id = id
    this.port = port
    this.peer = peer
    this.established = established
  }

  /** Flags as bits, for hash and snapshot. */
  get flags(): number {
    return +this.established | (+this.peerEnded << 1) | (+this.guestEnded << 2) | (+this.abandoned << 3) |
      (+this.wantsSpace << 4) | (+this.dataQueued << 5)
  }

  set flags(bits: number) {
    this.established = (bits & 1) !== 0
    this.peerEnded = (bits & 2) !== 0
    this.guestEnded = (bits & 4) !== 0
    this.abandoned = (bits & 8) !== 0
    this.wantsSpace = (bits & 16) !== 0
    this.dataQueued = (bits & 32) !== 0
  }

  hash(hasher: StateHasher): void {
    hasher.word(this.id)
    hasher.word(this.received.length)
    hasher.word(this.sendSpace)
    hasher.word(this.uncredited)
    hasher.word(this.flags)
  }
}
