/** What a campaign must have reached to mean anything: every fault, protocol state and step between states, each counted. */
import { faultKinds } from './faults.ts'

/** How many runs reached each thing. */
export type Counts = Record<string, number>

/** A campaign of fewer seeds may miss a rare one by bad luck. */
export const seedsForCoverage = 1000

/** Phases of the cores, by the role in which the process was started, and conditions worth telling apart. */
const states = [
  'primary claiming', 'primary waiting', 'primary protected', 'primary suspecting', 'primary alone', 'primary halted',
  'backup joining', 'backup replaying', 'backup suspecting', 'backup draining', 'backup alone', 'backup halted', 'backup leaving',
  'primary window full', 'backup stopped reading', 'handler inside running code', 'corruption detected', 'report divergence',
  'test-and-set lost', 'test-and-set answered again', 'report arbiter-down', 'report switch-lost', 'switch refused',
  'inputs resent', 'duplicates dropped', 'killed between frames', 'killed in the middle of a step',
  'live with outputs held', 'live in the middle of running code', 'alone with outputs held', 'powered off', 'killed while powering off',
  'second peer refused', 'newcomer halted', 'service lost', 'stale replica refused', 'half-delivered write', 'client stopped reading'
]

const transitions = [
  'primary claiming → waiting', 'primary waiting → protected', 'primary protected → suspecting', 'primary protected → halted',
  'primary suspecting → alone', 'primary suspecting → halted', 'primary alone → halted', 'primary claiming → halted',
  'backup joining → replaying', 'backup replaying → suspecting', 'backup replaying → leaving', 'backup replaying → halted',
  'backup suspecting → draining', 'backup suspecting → alone', 'backup suspecting → halted', 'backup draining → alone',
  'backup leaving → halted', 'backup joining → halted', 'backup alone → halted', 'newcomer claiming → halted'
]

/** What `faults`, `states` and `transitions` never reached, each named with its kind. */
export function notReached(reached: { readonly faults: Counts; readonly states: Counts; readonly transitions: Counts }): readonly string[] {
  const missing = (what: string, wanted: readonly string[], counts: Counts): readonly string[] =>
    wanted.filter((name) => counts[name] === undefined).map((name) => `${what} ${name}`)
  return [
    ...missing('fault', faultKinds, reached.faults), ...missing('state', states, reached.states),
    ...missing('transition', transitions, reached.transitions)
  ]
}
