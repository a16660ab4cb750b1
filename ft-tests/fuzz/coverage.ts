import { OPCODES } from '../../hypervisor/wasm/opcodes.ts'
import { NaiveEngine } from './naive/naive-engine.ts'
import type { MakeEngine } from './scenario.ts'

/** Which opcodes were executed, by what the naive engine saw. */
export class Coverage {
  private readonly counts = new Uint32Array(OPCODES.length)

  private readonly engines: NaiveEngine[] = []

  /** Makes naive engines whose coverage counts. */
  readonly make: MakeEngine = (bytes, calls, limits) => {
    const engine = new NaiveEngine(bytes, calls, limits)
    this.engines.push(engine)
    return engine
  }

  /** Takes in what the engines made since the last time have reached. */
  collect(): void {
    for (const { naive, reached } of this.engines.splice(0)) {
      for (const stretch of reached) for (const op of naive.stretches[stretch]) this.counts[op]++
    }
  }

  /** Opcodes in some stretch of code that was reached, of how many there are, and the names of the others. */
  report(): { covered: number, of: number, never: string[] } {
    const all = OPCODES.flatMap((info, op) => (info === undefined ? [] : [{ name: info.name, reached: this.counts[op] > 0 }]))
    const never = all.filter(({ reached }) => !reached).map(({ name }) => name)
    return { covered: all.length - never.length, of: all.length, never }
  }
}
