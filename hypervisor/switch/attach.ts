/** Who may attach, and whether its history fits this switch's (P2.3, terms; DESIGN §6). */
import type { Attach, SwitchHello } from './messages.ts'
import { SWITCH_VERSION } from './messages.ts'

/** What the switch knows when a machine wants to attach. */
export type SwitchHistory = {
  /** Inputs up to this number are forgotten. */
  readonly forgottenThrough: number
  readonly lastInput: number
  readonly outputsProcessed: number
}

/** Why a hello can't be accepted, in one line, or null. */
export function helloProblem(hello: SwitchHello, vm: string): string | null {
  if (hello.version !== SWITCH_VERSION) {
    return `it speaks switch protocol version ${hello.version}, this switch ${SWITCH_VERSION}; run the same release on both`
  }
  if (hello.vm !== vm) return `it runs the machine "${hello.vm}", this switch serves "${vm}"; check its switch address`
  return null
}

/** True if this switch was started anew and the machine was not. */
export function isFresh(attach: Attach, history: SwitchHistory): boolean {
  const untouched = history.lastInput === 0 && history.outputsProcessed === 0
  return untouched && (attach.inputsCaptured > 0 || attach.nextOutput > 1)
}

/** Why a switch that was started anew can't take the machine over, in one line, or null. */
export function freshProblem(attach: Attach): string | null {
  if (attach.holds !== undefined) return null
  return 'this switch was started anew, and the attach does not say which connections the machine holds'
}

/** Why the machine's history can't be continued without losing or repeating something, in one line, or null. */
export function historyProblem(attach: Attach, history: SwitchHistory): string | null {
  if (attach.inputsCaptured < history.forgottenThrough) {
    const { forgottenThrough } = history
    return `it has inputs up to ${attach.inputsCaptured}, but those up to ${forgottenThrough} were acknowledged and are forgotten`
  }
  if (attach.inputsCaptured > history.lastInput) {
    return `it has inputs up to ${attach.inputsCaptured}, but this switch gave out only ${history.lastInput}`
  }
  if (attach.nextOutput > history.outputsProcessed + 1) {
    return `its outputs go on at ${attach.nextOutput}, but this switch has only those up to ${history.outputsProcessed}`
  }
  return null
}
