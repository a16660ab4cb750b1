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

const digestBytes = 32

/**
 * What the cache was good for: not asked; had it; had it not, and has it now; had it damaged, and has it anew; could not be
 * read or written, which is no reason for a replica not to start.
 */
export type CacheUse = 'none' | 'hit' | 'miss' | 'damaged' | 'unusable'
export type Prepared = { readonly guest: PreparedGuest; readonly cache: CacheUse }

/**
 * @param directory an existing one that nobody else may write to: what is in it is run; undefined: nothing is kept
 * @throws WasmError for a bad image
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
  return { guest, cache: write(path, guest) ? kept ?? 'miss' : 'unusable' }
}

/** SHA-256 over all that a prepared guest depends on: image, limits, V8, and the code that prepares. */
function keyOf(image: Uint8Array, { memoryPagesMax }: EngineLimits): string {
  const hash = createHash('sha256').update(`${process.versions.v8} ${memoryPagesMax} `).update(image)
  for (const folder of ['v8', 'wasm']) {
    const url = new URL(`../${folder}/`, import.meta.url)
    const files = readdirSync(url).filter((name) => /\.[jt]s$/.test(name))
    for (const file of files.sort()) hash.update(readFileSync(new URL(file, url)))
  }
  return hash.digest('hex')
}

function read(path: string): Omit<PreparedGuest, 'places'> | 'damaged' | undefined {
  let file: Uint8Array
  try {
    file = readFileSync(path)
  } catch {
    return undefined
  }
  const body = file.subarray(digestBytes)
  if (!digestOf(body).equals(file.subarray(0, digestBytes))) return 'damaged'
  return deserialize(body) as Omit<PreparedGuest, 'places'>
}

/** Whole or not at all: replicas may read while another one writes. @returns false if it can't be written */
function write(path: string, { bytes, shape }: PreparedGuest): boolean {
  const body = serialize({ bytes, shape })
  const fresh = `${path}.${randomUUID()}`
  try {
    writeFileSync(fresh, Buffer.concat([digestOf(body), body]), { mode: 0o600 })
    renameSync(fresh, path)
    return true
  } catch {
    rmSync(fresh, { force: true })
    return false
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
