/** The defects planted to show that the checkers bite: each is what a wrong implementation would do, seen from outside. */
import type { Command } from '../../hypervisor/ft/events.ts'
import type { ToSwitch } from '../../hypervisor/switch/messages.ts'
import { Kind, type LogEntry } from '../../logging-channel/entries.ts'
import type { ChannelMessage, LogFrame } from '../../logging-channel/messages.ts'
import type { Mutant } from './mutant.ts'
import type { SimReplica } from './sim-replica.ts'

const isAck = (command: Command): boolean => command.do === 'peer' && command.message.type === 'ack'

/** The primary takes its own sending for the backup's receiving. */
function releaseBeforeAck(): Mutant {
  return {
    commands: (replica, commands) => {
      const frame = commands.findLast((c) => c.do === 'peer' && c.message.type === 'log')
      if (frame?.do !== 'peer' || frame.message.type !== 'log') return commands
      const { term, seq, entries } = frame.message
      replica.take({ kind: 'peer', peer: frame.peer, message: { type: 'ack', term, ackedSeq: seq + entries.length - 1, replayedSeq: 0 } })
      return commands
    },
    received: (_, message) => (message.type === 'ack' ? [] : [message])
  }
}

/** A suspicion is enough to go live. */
function liveWithoutTestAndSet(): Mutant {
  return { verdict: ({ name }, fromTerm) => (fromTerm === 0 ? undefined : { won: true, term: fromTerm + 1, holder: name }) }
}

/** The loser of the test-and-set goes on. */
function loserGoesOn(): Mutant {
  return { answer: ({ name }, { term }) => ({ won: true, term, holder: name }) }
}

/** Entries are acknowledged as they arrive and replayed later; those that wait at the failover are forgotten. */
function liveWithoutDraining(): Mutant {
  return delayedTaking(4, (replica) => replica.core.phase === 'replaying')
}

/** Acknowledged on arrival, appended only when three more frames have come. */
function ackBeforeAppend(): Mutant {
  return delayedTaking(3, () => true)
}

function delayedTaking(frames: number, wanted: (replica: SimReplica) => boolean): Mutant {
  let kept: LogFrame[] = []
  return {
    received: (replica, message) => {
      if (message.type !== 'log') return [message]
      acknowledge(replica, message)
      kept.push(message)
      const ready = kept.slice(0, -frames)
      kept = kept.slice(-frames)
      return wanted(replica) ? ready : []
    },
    commands: (replica, commands) => (replica.name === 'backup' ? commands.filter((command) => !isAck(command)) : commands)
  }
}

function acknowledge(replica: SimReplica, { term, seq, entries }: LogFrame): void {
  replica.send({ type: 'ack', term, ackedSeq: seq + entries.length - 1, replayedSeq: 0 })
}

/** The switch lets every output take effect, had before or not. */
function switchWithoutDedupe(): Mutant {
  return {
    toSwitch: (core, message): ToSwitch => {
      const { processed } = core.outbound
      return message.type === 'outputs' && message.first <= processed ? { ...message, first: processed + 1 } : message
    }
  }
}

/** The primary tells the switch that inputs are safe as soon as it has captured them. */
function inputAckBeforeLog(): Mutant {
  let told = 0
  return {
    commands: ({ machine, core }, commands) => {
      const through = machine.inputsInjected
      if (core.phase !== 'protected' || through <= told) return commands
      told = through
      return [...commands, { do: 'switch', messages: [{ type: 'inputAck', term: core.term, through }] }]
    }
  }
}

/** One kind of entry is not replayed as it was recorded. */
function altered(kind: Kind, alter: (entry: LogEntry) => LogEntry): Mutant {
  return {
    received: (_, message): readonly ChannelMessage[] => {
      if (message.type !== 'log' || !message.entries.some((entry) => entry.kind === kind)) return [message]
      return [{ ...message, entries: message.entries.map((entry) => (entry.kind === kind ? alter(entry) : entry)) }]
    }
  }
}

/** A network input is skipped: its seq is counted, the machine never sees it. */
function replaySkipsInput(): Mutant {
  return altered(Kind.netData, () => ({ kind: Kind.netWindow, conn: 4_000_000, bytes: 0 }))
}

/** The backup draws random bytes of its own. */
function ownEntropy(): Mutant {
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1)
  return altered(Kind.entropy, (entry) => (entry.kind === Kind.entropy ? { ...entry, bytes: flipped(entry.bytes) } : entry))
}

/** The backup runs on while it waits for its primary's progress. */
function runsAhead(): Mutant {
  return { untilTick: ({ core }, untilTick) => (core.phase === 'replaying' ? untilTick + 50 : untilTick) }
}

/** Bytes that were changed on their way pass. */
function noChecksum(): Mutant {
  return { checksum: () => 0 }
}

/** The primary takes input without end, however far its backup is behind. */
function noWindow(): Mutant {
  return { limits: { windowEntriesMax: 10_000_000, windowBytesMax: 1 << 30 } }
}

/** An arbiter that did not answer is never asked again. */
function asksOnce(): Mutant {
  const asked = new Set<string>()
  return {
    commands: ({ name }, commands) => commands.filter((command) => {
      if (command.do !== 'testAndSet') return true
      const question = `${name} ${command.fromTerm}`
      return !asked.has(question) && asked.add(question)
    })
  }
}

export type NamedMutant = { readonly make: () => Mutant; readonly killedBy: readonly string[]; readonly within: number }

const tellsOfLoss = ['Liveness', 'ClientStream', 'SameOutputs', 'History', 'NoDivergence', 'BackupEquality', 'PowerOff', 'Defect'] as const

/** Each mutant, the checkers that may kill it, and within how many seeds one of them must. */
export const mutants: Readonly<Record<string, NamedMutant>> = {
  releaseBeforeAck: { make: releaseBeforeAck, killedBy: ['OutputRule'], within: 5 },
  liveWithoutTestAndSet: { make: liveWithoutTestAndSet, killedBy: ['AtMostOneLive'], within: 20 },
  loserGoesOn: { make: loserGoesOn, killedBy: ['AtMostOneLive', 'Defect'], within: 40 },
  liveWithoutDraining: { make: liveWithoutDraining, killedBy: tellsOfLoss, within: 60 },
  ackBeforeAppend: { make: ackBeforeAppend, killedBy: tellsOfLoss, within: 100 },
  switchWithoutDedupe: { make: switchWithoutDedupe, killedBy: ['ClientStream', 'SameOutputs', 'Defect'], within: 100 },
  inputAckBeforeLog: { make: inputAckBeforeLog, killedBy: ['NoDivergence', 'Liveness', 'ClientStream'], within: 100 },
  replaySkipsInput: { make: replaySkipsInput, killedBy: ['NoDivergence', 'BackupEquality'], within: 5 },
  ownEntropy: { make: ownEntropy, killedBy: ['NoDivergence', 'BackupEquality'], within: 10 },
  runsAhead: { make: runsAhead, killedBy: ['NeverAhead', 'NoDivergence', 'BackupEquality'], within: 20 },
  noChecksum: { make: noChecksum, killedBy: ['CorruptionDetected'], within: 100 },
  noWindow: { make: noWindow, killedBy: ['Bounded'], within: 300 },
  asksOnce: { make: asksOnce, killedBy: ['Liveness'], within: 100 }
}
