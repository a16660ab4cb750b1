/** Whoever sends output n, it is the same output n (P2.2-1): a machine that took over repeats its predecessor exactly. */
import { crc32 } from 'node:zlib'
import type { Output, Outputs } from '../../../hypervisor/switch/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'

export class SameOutputs extends Checker {
  readonly name = 'SameOutputs'
  readonly #sums: number[] = []
  #accepted = 0

  override onOutputsSent(replica: SimReplica, message: Outputs): void {
    message.outputs.forEach((output, i) => {
      const number = message.first + i
      const sum = sumOf(output)
      if (number <= this.#accepted && this.#sums[number] !== sum) {
        this.fail(`${replica.name} sent another output ${number} in term ${message.term} than the one that the world has had`)
      }
      this.#sums[number] = sum
    })
  }

  override onOutputsAccepted(_replica: SimReplica, _term: number, first: number, outputs: readonly Output[]): void {
    if (first !== this.#accepted + 1) this.fail(`output ${first} took effect after output ${this.#accepted}`)
    this.#accepted += outputs.length
    outputs.forEach((output, i) => (this.#sums[first + i] = sumOf(output)))
  }
}

function sumOf(output: Output): number {
  const { bytes, ...rest } = { bytes: undefined, ...output }
  const head = JSON.stringify(rest)
  return typeof bytes === 'object' ? crc32(bytes, crc32(head)) : crc32(`${head}${bytes}`)
}
