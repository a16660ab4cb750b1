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
      '--config', 'asconfig.json', '--target', 'builtin', '--noColors'
    ])
    if (error) throw new Error(`guest ${name} does not compile: ${error.message}\n${stderr.toString()}`)
    for (const file of [`${name}.wasm.map`, `${name}.wasm`]) renameSync(join(aside, file), join(root, 'build', file))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Builds the guests (all, or the ones named) whose module is missing or older than its sources; returns their names. */
export async function buildGuests(...names: readonly string[]): Promise<string[]> {
  const wanted = builtinGuests().filter(guest => names.length === 0 || names.includes(guest.name))
  const lib = Math.max(newest(join(root, 'lib')), statSync(join(root, 'asconfig.json')).mtimeMs)
  const stale = wanted.filter(guest => !existsSync(guest.path) ||
    statSync(guest.path).mtimeMs < Math.max(lib, newest(join(root, guest.name, 'assembly'))))
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
  console.log(names.length === 0 ? 'guests are up to date' : `built guests: ${names.join(', ')}`)
}
