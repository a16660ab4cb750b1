import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A value of a command: bits in decimal (as an unsigned integer), `nan:…`, `null`, or lanes of a v128. */
export interface SpecValue {
  readonly type: string
  readonly lane_type?: string
  readonly value?: string | readonly string[]
}

export interface SpecAction {
  readonly type: 'invoke' | 'get'
  readonly module?: string
  readonly field: string
  readonly args?: readonly SpecValue[]
}

export interface SpecCommand {
  readonly type: string
  readonly line: number
  readonly name?: string
  readonly as?: string
  readonly filename?: string
  readonly text?: string
  readonly module_type?: 'binary' | 'text'
  readonly action?: SpecAction
  readonly expected?: readonly SpecValue[]
}

export interface SpecScript {
  /** `core/i32`, say. */
  readonly name: string
  readonly commands: readonly SpecCommand[]
  module(filename: string): Uint8Array
}

export interface SpecSuite {
  readonly scripts: readonly SpecScript[]
  remove(): void
}

const ARCHIVE = 'spec-2.0.tar.gz'

/** The folder of the archive: FT_WASM_SPEC, or `wasm-spec` beside the checkout or in a folder `shared` there. */
export function specFolder(): string | undefined {
  const beside = fileURLToPath(new URL('../../../', import.meta.url))
  const candidates = [process.env.FT_WASM_SPEC, join(beside, 'wasm-spec'), join(beside, 'shared', 'wasm-spec')]
  return candidates.find(folder => folder !== undefined && existsSync(join(folder, ARCHIVE)))
}

/** Why the suite's tests are skipped. */
export const SPEC_ABSENT = `skipped: no ${ARCHIVE} in FT_WASM_SPEC or ../shared/wasm-spec: the specification's suite did not run`

/** Unpacks the suite into a temporary folder; undefined when it is not there. */
export function openSpecSuite(): SpecSuite | undefined {
  const folder = specFolder()
  if (folder === undefined) return undefined
  const unpacked = mkdtempSync(join(tmpdir(), 'ft-wasm-spec-'))
  execFileSync('tar', ['xzf', join(folder, ARCHIVE), '-C', unpacked])
  const root = join(unpacked, 'spec-json')
  const scripts = readdirSync(root).sort().flatMap(part => (
    readdirSync(join(root, part)).filter(file => file.endsWith('.json')).sort().map(file => readScript(root, part, file))
  ))
  return { scripts, remove: () => rmSync(unpacked, { recursive: true, force: true }) }
}

function readScript(root: string, part: string, file: string): SpecScript {
  const { commands } = JSON.parse(readFileSync(join(root, part, file), 'utf8')) as { commands: SpecCommand[] }
  return {
    name: `${part}/${file.slice(0, -'.json'.length)}`,
    commands,
    module: filename => new Uint8Array(readFileSync(join(root, part, filename))),
  }
}
