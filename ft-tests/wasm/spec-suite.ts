import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readWast } from '../spec/wast.ts'

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
/** Scripts in text form that the archive lacks: its converter refused them. */
const TEXT_SCRIPTS = fileURLToPath(new URL('../spec/wast/', import.meta.url))

/** The folder of the archive: FT_WASM_SPEC alone if that is set, else `wasm-spec` beside the checkout or in a folder `shared` there. */
export function specFolder(): string | undefined {
  const beside = fileURLToPath(new URL('../../../', import.meta.url))
  const named = process.env.FT_WASM_SPEC
  const candidates = named === undefined ? [join(beside, 'wasm-spec'), join(beside, 'shared', 'wasm-spec')] : [named]
  return candidates.find(folder => existsSync(join(folder, ARCHIVE)))
}

/** Why the suite's tests are skipped. */
export const SPEC_ABSENT = `skipped: no ${ARCHIVE} in FT_WASM_SPEC or ../shared/wasm-spec: the specification's suite did not run`

/** The suite of `specFolder`; undefined when it is not there. */
export function openSpecSuite(): SpecSuite | undefined {
  const folder = specFolder()
  return folder === undefined ? undefined : openSpecFolder(folder)
}

/**
 * Opens a folder of scripts: the archive (unpacked into a temporary folder, with the scripts that it lacks), or `spec-json` as
 * it unpacks, or scripts (`NAME.json` as `wast2json` writes them, `NAME.wast`) in the folder or in folders there. Throws an
 * Error of one line if it has none.
 */
export function openSpecFolder(folder: string): SpecSuite {
  if (!existsSync(folder)) throw new Error(`${folder}: no such folder`)
  if (!statSync(folder).isDirectory()) throw new Error(`${folder}: not a folder`)
  const archive = join(folder, ARCHIVE)
  const unpacked = existsSync(archive) ? mkdtempSync(join(tmpdir(), 'ft-wasm-spec-')) : undefined
  const remove = (): void => { if (unpacked !== undefined) rmSync(unpacked, { recursive: true, force: true }) }
  try {
    if (unpacked !== undefined) execFileSync('tar', ['xzf', archive, '-C', unpacked], { stdio: ['ignore', 'ignore', 'pipe'] })
    const top = unpacked ?? folder
    const root = existsSync(join(top, 'spec-json')) ? join(top, 'spec-json') : top
    const parts = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name).sort()
    const scripts = [...readScripts(root, basename(resolve(root))), ...parts.flatMap(part => readScripts(join(root, part), part))]
    if (unpacked !== undefined) scripts.push(...readScripts(TEXT_SCRIPTS, 'core'))
    if (scripts.length === 0) throw new Error(`${folder}: no ${ARCHIVE} in it, and no script (NAME.json, NAME.wast)`)
    return { scripts, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** The scripts of one folder, in the order of their names. */
function readScripts(folder: string, part: string): SpecScript[] {
  return readdirSync(folder).filter(file => /\.(json|wast)$/.test(file)).sort().map(file => {
    const path = join(folder, file)
    const name = `${part}/${file.replace(/\.\w+$/, '')}`
    const text = readFileSync(path, 'utf8')
    try {
      return file.endsWith('.wast') ? readWast(name, text) : readJson(name, text, folder)
    } catch (error) {
      throw new Error(`${path}: not a script of the suite: ${(error as Error).message.split('\n', 2).join(' ').trim()}`)
    }
  })
}

function readJson(name: string, text: string, folder: string): SpecScript {
  const { commands } = JSON.parse(text) as { commands?: SpecCommand[] }
  if (!Array.isArray(commands)) throw new Error('no list "commands"')
  return { name, commands, module: filename => new Uint8Array(readFileSync(join(folder, filename))) }
}
