/** What `bench:engines` compares: anything that runs a kernel's module. */
import type { Kernel, Work } from '../kernels/catalogue.ts'

/**
 * The work a figure stands for, and what plain V8's figure to divide by stands for: `large` (about 10 ms on plain V8),
 * `small` (about 1 ms), or what `large` takes longer than `small`, for a program that starts anew each time.
 */
export type Span = 'large' | 'small' | 'difference'

export interface Contender {
  readonly name: string
  readonly description: string
  readonly version: string
  readonly span: Span
  /** Rounds after which it has no more turns: what is slow is not noisy. */
  readonly roundsMax: number
  /** Why it can't run a kernel; undefined if it can. */
  refusal(kernel: Kernel): string | undefined
  /** Makes ready to run a kernel. Throws if it can't after all. */
  open(module: Uint8Array<ArrayBuffer>): Promise<Runner>
}

/** A kernel about to run. Throws `WrongResult` for a checksum that is not the work's. */
export interface Runner {
  /** Processor time of one run, in milliseconds. */
  measure(kernel: Kernel): Promise<number>
  /** Runs until it is as fast as it gets. */
  warmUp(kernel: Kernel): Promise<void>
}

export class WrongResult extends Error {}

export function check(contender: string, kernel: Kernel, work: Work, checksum: number): void {
  if (checksum === work.checksum) return
  throw new WrongResult(`${contender} computes ${kernel.name}(${work.size}) = ${checksum}, expected ${work.checksum}`)
}

/**
 * Milliseconds of processor time that this process has used. Other programs on the machine take wall time, not this; its
 * own background threads count, but they have nothing to do once every engine has warmed up.
 */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
