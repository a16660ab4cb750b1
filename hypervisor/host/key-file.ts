/** The file that holds the secret which all processes of a virtual machine share: one line of text, for its owner's eyes only. */
import { randomBytes } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { SHARED_SECRET_BYTES } from '../../logging-channel/secure-tcp.ts'
import { UsageError } from './usage-error.ts'

const PREFIX = 'ft-run-key-1:'

/** Writes a new random key. @throws UsageError if the file exists or can't be written */
export async function createKeyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`${PREFIX}${randomBytes(SHARED_SECRET_BYTES).toString('base64url')}\n`)
    await file.close()
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    const reason = exists ? 'the file exists already; remove it or choose another name' : (error as Error).message
    throw new UsageError(`can't write the key ${path}: ${reason}`)
  }
}

/** Reads a key. @throws UsageError if there is none, if it is damaged, or if others than its owner can read the file */
export async function readKeyFile(path: string): Promise<Uint8Array> {
  let text
  try {
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new Error(`others can read it; run "chmod 600 ${path}"`)
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new UsageError(`can't use the key ${path}: ${isMissing ? 'no such file' : (error as Error).message}`)
  }
  const secret = Buffer.from(text.slice(PREFIX.length), 'base64url')
  if (!text.startsWith(PREFIX) || secret.length !== SHARED_SECRET_BYTES) {
    throw new UsageError(`can't use the key ${path}: it is not a key; make one with "ft-run key FILE"`)
  }
  return new Uint8Array(secret)
}
