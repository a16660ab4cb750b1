/** Compiles the interpreter's execution core, generated from the table of register instructions, to Wasm. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { generateCore } from '../../interpreter/core/generate.ts'
import { corePath } from './core-path.ts'

const interpreter = fileURLToPath(new URL('../../interpreter/', import.meta.url))

/** Compiles the core if it is missing or older than what it is made of; returns whether it had to. */
export async function buildCore(force = false): Promise<boolean> {
  if (!force && existsSync(corePath) && statSync(corePath).mtimeMs >= newestSource()) return false
  // Several processes may build at once (test files do): each writes aside, then renames.
  const aside = join(interpreter, 'build', `core-${process.pid}.tmp`)
  mkdirSync(aside, { recursive: true })
  try {
    writeFileSync(join(aside, 'core.ts'), generateCore())
    // Level 3 takes nine times as long, and V8 makes the same of it.
    const { error, stderr } = await asc.main([
      'core.ts', '--baseDir', aside, '--outFile', 'core.wasm', '--runtime', 'stub', '--optimizeLevel', '1', '--shrinkLevel', '0',
      '--enable', 'simd', '--debug', '--noColors',
    ])
    if (error) throw new Error(`the interpreter's core does not compile: ${error.message}\n${stderr.toString()}`)
    renameSync(join(aside, 'core.wasm'), corePath)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return true
}

/** When the newest file that the core is generated from was changed, in milliseconds since 1970. */
function newestSource(): number {
  const folders = ['core', 'instructions'].map(name => join(interpreter, name))
  const files = folders.flatMap(folder => readdirSync(folder).map(file => join(folder, file)))
  return Math.max(...[...files, fileURLToPath(import.meta.url)].map(file => statSync(file).mtimeMs))
}

if (import.meta.main) {
  console.log(await buildCore() ? 'built the interpreter\'s core' : 'the interpreter\'s core is up to date')
}
