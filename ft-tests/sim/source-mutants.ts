/**
 * Defects planted in the text of production files as they are loaded, in a thread of their own: what a wrong line of code
 * would do. Each text must occur exactly once, so that a mutant that fits no more is noticed.
 */
export type SourceMutant = {
  /** From the root of the project. */
  readonly file: string
  readonly text: string
  readonly instead: string
}

const replica = 'hypervisor/ft/replica.ts'
const primarySide = 'hypervisor/ft/primary-side.ts'
const backupSide = 'hypervisor/ft/backup-side.ts'
const switchCore = 'hypervisor/switch/switch-core.ts'

export const sourceMutants: Readonly<Record<string, SourceMutant>> = {
  // Terms and the arbiter
  testAndSetWithoutTerm: {
    file: 'shared-disk/record.ts', text: 'return record.term === fromTerm', instead: 'return true'
  },
  lostReplyTakenForLoss: {
    file: replica, text: "if (this.#claim?.unanswered(this.#nowMs)) this.#report({ event: 'arbiter-down', reason })",
    instead: "if (this.#claim !== undefined) this.#halt(ExitCode.lost, reason)"
  },
  primaryAloneWithoutTestAndSet: {
    file: primarySide, text: 'return this.#core.suspect(reason, silenceMs)',
    instead: 'this.#links.delete(id); return this.#core.report({ event: "backup-lost", term: this.#core.term, peer: link.name, reason })'
  },
  switchAcceptsOldTerm: {
    file: switchCore, text: 'if (attach.term <= this.#term && !isBack) {', instead: 'if (false) {'
  },
  // The output rule
  releasesOneAhead: {
    file: 'hypervisor/ft/held-outputs.ts', text: 'this.#marks[0]!.seq <= ackedSeq', instead: 'this.#marks[0]!.seq <= ackedSeq + 1'
  },
  suspectingPrimaryReleases: {
    file: replica, text: 'this.#lockstep.release(this.#primary.ackedSeq)',
    instead: "this.#lockstep.release(this.#phase === 'suspecting' ? Infinity : this.#primary.ackedSeq)"
  },
  backupForgetsUndelivered: {
    file: 'hypervisor/ft/lockstep.ts', text: 'Math.min(this.#deliveredByPrimary, this.outputs.emitted)', instead: 'this.outputs.emitted'
  },
  // Streams across a failover
  switchForgetsUnsentInputs: {
    file: switchCore, text: 'Math.max(link.sentThrough, attach.inputsCaptured)', instead: 'held.last'
  },
  // Replay
  wallClockStepsBack: {
    file: 'hypervisor/ft/continuing-clocks.ts', text: 'Math.max(0, this.#lastWallUs - us)', instead: '0'
  },
  timersFireTwice: {
    file: 'hypervisor/ft/replay-run.ts', text: 'if (head.kind === Kind.timer) this.#deadlines.disarm(head.timer)', instead: ''
  },
  liveBetweenSlices: {
    file: 'hypervisor/ft/replay-run.ts', text: 'if (!this.#betweenSlices) this.#applyAtRest()',
    instead: "if (this.#betweenSlices && drain) return { do: 'drained' }; this.#applyAtRest()"
  },
  stateHashUnchecked: {
    file: 'hypervisor/ft/replay-run.ts', text: 'if (page < 0 && hash === entry.hash && entry.tick === machine.ticks) return',
    instead: 'return'
  },
  frameCutBeforeProgress: {
    file: 'hypervisor/ft/log-writer.ts', text: 'bytes >= frameBytesTarget && entry.kind !== Kind.progress',
    instead: 'bytes >= frameBytesTarget || entry.kind === Kind.progress'
  },
  // Power off
  powerOffTakenForFailure: {
    file: replica, text: "if (this.#role === 'backup' && this.#lockstep.poweredOff)", instead: 'if (false)'
  },
  // Re-protection
  eligibleBeforeTaken: {
    file: backupSide, text: 'return this.side.watch(this.#core.nowMs, true)', instead: 'return this.#boot(term, peer)'
  },
  eligibleBeforeMark: {
    file: 'hypervisor/ft/eligibility.ts', text: 'return this.#hasState && this.#term === term', instead: 'return this.#hasState'
  },
  eligibleBeforeSnapshot: {
    file: 'hypervisor/ft/eligibility.ts', text: 'return this.#hasState && this.#term === term', instead: 'return true'
  },
  markWithoutOutputRule: {
    file: 'hypervisor/ft/backup-link.ts', text: "return this.stage === 'marked' || this.stage === 'eligible'",
    instead: "return this.stage === 'eligible'"
  },
  markBeforeLog: {
    file: primarySide, text: "link.stage === 'log' && link.bytesBehind <= markBehindBytesMax",
    instead: "(link.stage === 'log' || link.stage === 'snapshot')"
  },
  retiringBackupIgnored: {
    file: 'hypervisor/ft/backup-link.ts', text: " || this.stage === 'eligible' || this.stage === 'retiring'",
    instead: " || this.stage === 'eligible'"
  },
  retiredBackupStays: {
    file: backupSide, text: 'return this.#core.halt(ExitCode.ok, `retired: ${message.reason}`)', instead: 'return'
  },
  snapshotOfWrongPosition: {
    file: 'hypervisor/ft/lockstep.ts', text: 'seq: this.lastSeq, source', instead: 'seq: this.lastSeq + 1, source'
  },
  snapshotWithoutOutputs: {
    file: 'hypervisor/ft/lockstep.ts', text: 'this.outputs.restore(state.outputs)', instead: ''
  },
  snapshotWithoutTimers: {
    file: 'hypervisor/ft/lockstep.ts', text: 'this.#deadlines.arm(timer, nowUs + leftUs)', instead: 'void leftUs'
  },
  logBeforeSnapshot: {
    file: primarySide, text: '    link.pump(this.#core.term)\n', instead: ''
  }
}
