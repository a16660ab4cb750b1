/**
 * Guests made ready for V8, kept as files: a backup or a restart does not rewrite an image a second time. Node offers no
 * way to keep V8's own code (`v8.serialize` of a module gives nothing), but V8 compiles lazily, in a twentieth of the time.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { EngineLimits } from '../machine/engine.ts'
import { prepareV8, type PreparedGuest } from '../v8/prepare.ts'
import { UsageError } from './usage-error.ts'

const digestBytes = 32

/** Where a prepared guest came from. */
export type CacheUse = 'none' | 'hit' | 'miss' | 'damaged'
export type Prepared = { readonly guest: PreparedGuest; readonly cache: CacheUse }

/**
 * @param directory an existing one that nobody else may write to: what is in it is run; undefined: nothing is kept
 * @throws WasmError for a bad image; UsageError if the directory can't be used
 */
export function prepareCached(image: Uint8Array, limits: EngineLimits, directory: string | undefined): Prepared {
  if (directory === undefined) return { guest: prepareV8(image, limits), cache: 'none' }
  const path = join(directory, `${keyOf(image, limits)}.prepared`)
  const kept = read(path)
  if (kept !== undefined && kept !== 'damaged') {
    // Wanted after a trap at most, and then the rewriter is asked again.
    return { guest: { ...kept, places: { lookup: (offset) => prepareV8(image, limits).places.lookup(offset) } }, cache: 'hit' }
  }
  const guest = prepareV8(image, limits)
  write(path, guest)
  return { guest, cache: kept ?? 'miss' }
}

/** SHA-256 over all that a prepared guest depends on: image, limits, V8, and the code that prepares. */
function keyOf(image: Uint8Array, { memoryPagesMax }: EngineLimits): string {
  const hash = createHash('sha256').update(`${process.versions.v8} ${memoryPagesMax} `).update(image)
  for (const folder of ['v8', 'wasm']) {
    const url = new URL(`../${folder}/`, import.meta.url)
    for (const file of readdirSync(url).filter((name) => /\.[jt]s$/.test(name)).sort()) hash.update(readFileSync(new URL(file, url)))
  }
  return hash.digest('hex')
}

function read(path: string): Omit<PreparedGuest, 'places'> | 'damaged' | undefined {
  let file: Uint8Array
  try {
    file = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`code cache: ${(error as Error).message}`)
  }
  const body = file.subarray(digestBytes)
  if (!digestOf(body).equals(file.subarray(0, digestBytes))) return 'damaged'
  return deserialize(body) as Omit<PreparedGuest, 'places'>
}

/** Whole or not at all: replicas may read while another one writes. */
function write(path: string, { bytes, shape }: PreparedGuest): void {
  const body = serialize({ bytes, shape })
  const fresh = `${path}.${randomUUID()}`
  try {
    writeFileSync(fresh, Buffer.concat([digestOf(body), body]), { mode: 0o600 })
    renameSync(fresh, path)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw new UsageError(`code cache: ${(error as Error).message}`)
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
