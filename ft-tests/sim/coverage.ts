/** What a campaign must have reached to mean anything: every fault, protocol state and step between states, each counted. */
import { faultKinds } from './faults.ts'

/** How many runs reached each thing. */
export type Counts = Record<string, number>

/** A campaign of fewer seeds may miss a rare one by bad luck. */
export const seedsForCoverage = 1000

/** Phases of the cores, by the role that the replica has then, and conditions worth telling apart. */
const states = [
  'primary claiming', 'primary waiting', 'primary marking', 'primary protected', 'primary suspecting', 'primary alone',
  'primary stepping-down', 'primary halted', 'backup joining', 'backup receiving', 'backup catching-up', 'backup replaying',
  'backup suspecting', 'backup draining', 'backup leaving', 'backup halted',
  'primary window full', 'backup stopped reading', 'handler inside running code', 'corruption detected', 'report divergence',
  'test-and-set lost', 'test-and-set answered again', 'report arbiter-down', 'report switch-lost', 'switch refused',
  'inputs resent', 'duplicates dropped', 'killed between frames', 'killed in the middle of a step',
  'live with outputs held', 'live in the middle of running code', 'alone with outputs held', 'powered off',
  'killed while powering off', 'report refused-peer', 'service lost', 'stale replica refused', 'half-delivered write',
  'part of a frame', 'pause for a copy announced',
  'replaying between slices', 'suspecting between slices', 'draining between slices',
  'client stopped reading', 'report backup-joining', 'report snapshot', 'report progress', 'report backup-lost',
  'report backup-retired', 'report stepping-down', 'report throttle', 'report failover', 'report no-boundary',
  // Second failures in every phase of re-protection.
  'killLive from backup-joining', 'killLive from snapshot', 'killLive from receiving', 'killLive from catching-up',
  'killLive from marking', 'killPrimary from protected', 'killBackup from protected'
]

const transitions = [
  'primary claiming → waiting', 'primary waiting → protected', 'primary protected → suspecting', 'primary protected → halted',
  'primary suspecting → alone', 'primary suspecting → halted', 'primary alone → halted', 'primary claiming → halted',
  'primary alone → marking', 'primary marking → protected', 'primary marking → suspecting', 'primary suspecting → marking',
  'primary protected → stepping-down', 'primary stepping-down → halted', 'primary stepping-down → suspecting',
  'backup joining → replaying', 'backup joining → receiving', 'backup receiving → catching-up', 'backup catching-up → replaying',
  'backup replaying → suspecting', 'backup replaying → leaving', 'backup replaying → halted',
  'backup suspecting → draining', 'backup suspecting → alone', 'backup suspecting → halted', 'backup draining → alone',
  'backup leaving → halted', 'backup joining → halted', 'backup receiving → halted', 'backup catching-up → halted'
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
