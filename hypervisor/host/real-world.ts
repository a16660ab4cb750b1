/** The real world: this host's clocks and random source. */
import { randomBytes } from 'node:crypto'
import type { World } from '../ft/world.ts'

export const realWorld: World = {
  wallUs: () => Date.now() * 1000,
  monotonicUs: () => Math.floor(performance.now() * 1000),
  entropy: (length) => randomBytes(length)
}
