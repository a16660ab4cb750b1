import type { SpecCommand, SpecScript } from '../wasm/spec-suite.ts'
import type { SpecEngine } from './engine.ts'
import { Mismatch, ScriptRunner } from './runner.ts'

export interface Failure {
  readonly file: string
  readonly line: number
  readonly command: string
  readonly expected: string
  readonly found: string
}

export interface Skip {
  readonly file: string
  readonly line: number
  readonly reason: string
}

export interface Count {
  files: number
  /** Assertions that hold. */
  passed: number
  /** Commands of any kind that went wrong. */
  failed: number
}

const GROUPS = ['core', 'simd', 'tailCall', 'extendedConst'] as const
type Group = typeof GROUPS[number]

/** The outcome of a run of the suite. Only assertions count as passed; a failure of any command counts. */
export interface SpecReport extends Count, Readonly<Record<Group, Count>> {
  readonly engine: string
  readonly skipped: readonly Skip[]
  /** Commands that ran, by kind; those with text in place of a binary module apart. */
  readonly commands: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

export class Tally {
  private readonly total = noCount()
  private readonly groups: Record<Group, Count> =
    { core: noCount(), simd: noCount(), tailCall: noCount(), extendedConst: noCount() }
  private readonly commands: Record<string, number> = {}
  private readonly skipped: Skip[] = []
  readonly failures: Failure[] = []

  /** Runs a script; gives its own count. */
  run(script: SpecScript, engine: SpecEngine, reasonToSkip: (command: SpecCommand) => string | undefined): Count {
    const runner = new ScriptRunner(script, engine)
    const count = { ...noCount(), files: 1 }
    for (const command of script.commands) {
      const reason = reasonToSkip(command)
      if (reason !== undefined) {
        this.skipped.push({ file: script.name, line: command.line, reason })
        continue
      }
      const kind = command.module_type === 'text' ? `${command.type} (text)` : command.type
      this.commands[kind] = (this.commands[kind] ?? 0) + 1
      const failure = failureOf(script, command, runner)
      if (failure !== undefined) {
        this.failures.push(failure)
        count.failed++
      } else if (command.type.startsWith('assert_')) {
        count.passed++
      }
    }
    add(this.total, count)
    add(this.groups[groupOf(script.name)], count)
    return count
  }

  report(engine: string): SpecReport {
    const { total, groups, skipped, commands, failures } = this
    return { engine, ...total, skipped, commands, ...groups, failures }
  }
}

const noCount = (): Count => ({ files: 0, passed: 0, failed: 0 })

function add(to: Count, count: Count): void {
  to.files += count.files
  to.passed += count.passed
  to.failed += count.failed
}

function groupOf(name: string): Group {
  if (name.startsWith('tail-call/')) return 'tailCall'
  if (name.startsWith('extended-const/')) return 'extendedConst'
  return /(^|\/)simd_/.test(name) ? 'simd' : 'core'
}

function failureOf(script: SpecScript, command: SpecCommand, runner: ScriptRunner): Failure | undefined {
  try {
    runner.run(command)
    return undefined
  } catch (error) {
    const { expected, found } = error instanceof Mismatch ? error : { expected: 'no error', found: String(error) }
    const place = command.action === undefined ? '' : ` ${command.action.type} "${command.action.field}"`
    return { file: script.name, line: command.line, command: command.type + place, expected, found }
  }
}
