import { StateHasher } from '../../machine/state-hash.ts'
import { HEADER } from './header.ts'
import { RUNS } from '../instructions/runs.ts'
import { INSTRUCTIONS } from '../instructions/table.ts'

let version: number | undefined

/**
 * A fingerprint of what register instructions there are, in which order, what they mean, and of where the core keeps its state.
 * The compiled core exports the one it was made for: another one would run other instructions than the translator writes.
 */
export function coreVersion(): number {
  version ??= compute()
  return version
}

function compute(): number {
  const hasher = new StateHasher()
  const encoder = new TextEncoder()
  for (const { name, operands, body, cold } of INSTRUCTIONS) hasher.bytes(encoder.encode(`${name} ${operands} ${cold} ${body}`))
  hasher.bytes(encoder.encode(JSON.stringify([HEADER, RUNS])))
  return hasher.digest()
}
