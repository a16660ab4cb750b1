/** What every checker may hear of a run. Each one judges from what really crossed the links, not from the cores' own books. */
import type { Command, ReplicaEvent, Report } from '../../hypervisor/ft/events.ts'
import type { Phase } from '../../hypervisor/ft/phase.ts'
import type { Output, Outputs } from '../../hypervisor/switch/messages.ts'
import type { Stop } from '../../hypervisor/machine/engine.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

export class Violation extends Error {
  readonly checker: string

  constructor(checker: string, sentence: string) {
    super(sentence)
    this.checker = checker
  }
}

export abstract class Checker {
  abstract readonly name: string

  /** A log frame leaves the primary. */
  onFrameSent(_replica: SimReplica, _frame: LogFrame): void {}
  /** A log frame has been read, whole, by the backup's process. */
  onFrameReceived(_replica: SimReplica, _frame: LogFrame): void {}
  /** Outputs are handed to the link to the switch. */
  onOutputsSent(_replica: SimReplica, _message: Outputs): void {}
  /** The switch is about to let `outputs` take effect for the first time; the first is numbered `first`. */
  onOutputsAccepted(_replica: SimReplica, _term: number, _first: number, _outputs: readonly Output[]): void {}
  /** The switch has let a replica attach. */
  onAttached(_replica: SimReplica, _term: number): void {}
  onDecided(_term: number, _holder: string): void {}
  onReport(_replica: SimReplica, _report: Report): void {}
  /** A core has gone from one phase to another. */
  onPhase(_replica: SimReplica, _was: Phase, _phase: Phase): void {}
  /** The machine came to rest; the core has not heard of it yet. */
  onRest(_replica: SimReplica, _stop: Stop): void {}
  onStepped(_replica: SimReplica, _event: ReplicaEvent, _phase: Phase, _commands: readonly Command[]): void {}
  /** The run is over: every client is served, or its time is up. */
  atEnd(_simulation: Simulation): void {}

  protected fail(sentence: string): never {
    throw new Violation(this.name, sentence)
  }
}
