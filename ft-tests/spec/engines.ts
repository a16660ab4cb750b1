import type { SpecCommand, SpecScript } from '../wasm/spec-suite.ts'
import type { SpecEngine } from './engine.ts'
import { InterpreterSpecEngine } from './interpreter-engine.ts'
import { V8SpecEngine } from './v8-engine.ts'

/** Makers of engines; each script runs on a new one. */
export const ENGINES = {
  v8: (): SpecEngine => new V8SpecEngine(),
  interpreter: (): SpecEngine => new InterpreterSpecEngine(),
} as const
export type EngineName = keyof typeof ENGINES

interface CannotAsk {
  readonly engine: EngineName
  readonly file: string
  readonly line: number
  readonly reason: string
}

/** What an engine can't be asked, and why. */
const CANNOT_ASK: readonly CannotAsk[] = []

export function reasonToSkip(engine: EngineName, script: SpecScript, { line }: SpecCommand): string | undefined {
  return CANNOT_ASK.find(one => one.engine === engine && one.file === script.name && one.line === line)?.reason
}
