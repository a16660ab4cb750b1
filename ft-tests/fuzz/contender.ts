import type { MakeEngine } from './scenario.ts'

/** An engine that takes part, by the name it is told of. */
export interface Contender {
  readonly name: string
  readonly make: MakeEngine
  /** It can be stopped, and take and restore snapshots, in the middle of code. */
  readonly anywhere: boolean
  /** The same engine, running in another way that must show the same. */
  readonly otherwise?: Readonly<Record<string, MakeEngine>>
}
