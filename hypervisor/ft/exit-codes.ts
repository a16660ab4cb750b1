/** How a replica process ends: one code for every reason, so that whoever started it can tell them apart. */
export const ExitCode = {
  /** Powered off in good order. */
  ok: 0,
  /** Wrong arguments or an unusable image. */
  usage: 2,
  /** Lost the test-and-set: another replica is live. */
  lost: 3,
  /** The machine's state differs from the primary's. */
  divergence: 4,
  /** The guest trapped; so would it on any other replica. */
  trapped: 5,
  /** A peer, or the switch, refused this replica. */
  refused: 6,
  /** This host failed: no memory, no address, a defect. */
  host: 7,
  /** A new backup lost its primary before it was complete: it must not go live. */
  incomplete: 8
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
