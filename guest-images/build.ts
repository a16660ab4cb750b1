import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { builtinGuests } from './catalogue.ts'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Compiles one guest, `guest-images/NAME/assembly/index.ts`, to `build/NAME.wasm` with names and source map. */
export async function buildGuest(name: string): Promise<void> {
  // Several processes may build at once (test files do): each writes aside, then renames.
  const aside = join(root, 'build', `${name}-${process.pid}.tmp`)
  mkdirSync(aside, { recursive: true })
  try {
    const { error, stderr } = await asc.main([
      `${name}/assembly/index.ts`, '--baseDir', root, '--outFile', relative(root, join(aside, `${name}.wasm`)),
      '--runtime', 'stub', '--optimizeLevel', '3', '--shrinkLevel', '0', '--use', 'abort=lib/console/abort',
      '--sourceMap', '--debug', '--noColors'
    ])
    if (error) throw new Error(`guest ${name} does not compile: ${error.message}\n${stderr.toString()}`)
    for (const suffix of ['.wasm.map', '.wasm']) renameSync(join(aside, name + suffix), join(root, 'build', name + suffix))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Builds those of the guests (all, or the ones named) whose module is missing or older than its sources, and returns their names. */
export async function buildGuests(...names: readonly string[]): Promise<string[]> {
  const wanted = builtinGuests().filter(guest => names.length === 0 || names.includes(guest.name))
  const stale = wanted.filter(guest => !existsSync(guest.path) ||
    statSync(guest.path).mtimeMs < Math.max(newest(join(root, 'lib')), newest(join(root, guest.name, 'assembly'))))
  for (const guest of stale) await buildGuest(guest.name)
  return stale.map(guest => guest.name)
}

/** When the newest file below a folder was changed, in milliseconds since 1970. */
function newest(folder: string): number {
  const times = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => statSync(join(folder, file)).mtimeMs)
  return Math.max(...times)
}

if (import.meta.main) {
  const names = await buildGuests()
  console.log(names.length === 0 ? 'guests are up to date' : `built ${names.map(name => `guest-images/build/${name}.wasm`).join(', ')}`)
}
