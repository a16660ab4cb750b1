/** The end of a machine for good (power off, trap): it leaves when its last outputs have arrived, or after a grace time. */
import type { ExitCode } from './exit-codes.ts'
import type { HeldOutputs } from './held-outputs.ts'

const graceMs = 1000

export class Ending {
  readonly code: ExitCode
  /** For a person. */
  readonly reason: string
  #untilMs: number

  constructor(code: ExitCode, reason: string, nowMs: number) {
    this.code = code
    this.reason = reason
    this.#untilMs = nowMs + graceMs
  }

  /** A new primary has its own outputs to deliver first. */
  renew(nowMs: number): void {
    this.#untilMs = nowMs + graceMs
  }

  isDue(outputs: HeldOutputs, nowMs: number): boolean {
    return outputs.firstUndelivered > outputs.emitted || nowMs >= this.#untilMs
  }
}
