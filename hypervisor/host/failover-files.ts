/**
 * The failover black box on disk: after every failover a JSON file of what the new primary recorded, and of what the switch
 * dropped because clients had it already.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FailoverRecord } from '../ft/black-box.ts'
import type { SwitchReport } from '../switch/commands.ts'
import type { Reporter } from './reporter.ts'

/** Duplicates come before new outputs; a record waits so long for the switch to say what they were. */
const switchPatienceMs = 200

export class FailoverFiles {
  readonly #directory: string
  readonly #vm: string
  readonly #report: Reporter
  readonly #dropped = new Map<number, { outputs: number; bytes: number }>()
  readonly #waiting = new Set<{ readonly timer: NodeJS.Timeout; readonly write: () => void }>()

  /** @param directory is made when the first file is written */
  constructor(directory: string, vm: string, report: Reporter) {
    this.#directory = directory
    this.#vm = vm
    this.#report = report
  }

  onSwitch(report: SwitchReport): void {
    if (report.kind !== 'duplicatesDropped') return
    const { outputs, bytes } = this.#dropped.get(report.term) ?? { outputs: 0, bytes: 0 }
    this.#dropped.set(report.term, { outputs: outputs + report.outputs, bytes: bytes + report.bytes })
  }

  onFailover(record: FailoverRecord): void {
    const write = (): void => {
      this.#waiting.delete(entry)
      this.#write(record)
    }
    const entry = { timer: setTimeout(write, switchPatienceMs), write }
    this.#waiting.add(entry)
  }

  /** Writes what still waits. */
  flush(): void {
    for (const { timer, write } of [...this.#waiting]) {
      clearTimeout(timer)
      write()
    }
  }

  #write(record: FailoverRecord): void {
    const { term } = record.arbiter
    const duplicates = this.#dropped.get(term) ?? { outputs: 0, bytes: 0 }
    this.#dropped.delete(term)
    const path = join(this.#directory, `${this.#vm}-failover-${term}.json`)
    const at = new Date().toISOString()
    try {
      mkdirSync(this.#directory, { recursive: true })
      writeFileSync(path, `${JSON.stringify({ vm: this.#vm, at, ...record, duplicatesDropped: duplicates }, rounded, 2)}\n`)
    } catch (error) {
      const fields = { event: 'failover-record', term, error: (error as Error).message }
      return this.#report({ level: 'warn', msg: `the record of the failover can't be written: ${fields.error}`, fields })
    }
    const dropped = `${duplicates.bytes} bytes that clients had already were dropped`
    this.#report({
      level: 'info', msg: `record of the failover to term ${term}: ${path}; ${dropped}`,
      fields: { event: 'failover-record', path, term, duplicatesDropped: duplicates }
    })
  }
}

/** Times to a hundredth of a millisecond. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value
}
