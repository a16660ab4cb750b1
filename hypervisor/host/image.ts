/** A guest image as it is on disk, and its identity: what two replicas must share to be the same machine. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { WasmError } from '../wasm/errors.ts'
import { UsageError } from './usage-error.ts'

export type Image = {
  /** As the user named it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** @throws UsageError in one line if the file can't be read */
export async function readImage(name: string, path: string): Promise<Image> {
  try {
    return { name, bytes: await readFile(path) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : (error as Error).message
    throw new UsageError(`image ${name}: ${why}`)
  }
}

/** What `use` makes of the image. @throws UsageError in one line that names the image too, where `use` throws a WasmError */
export function useImage<T>({ name, bytes }: Image, use: (bytes: Uint8Array) => T): T {
  try {
    return use(bytes)
  } catch (error) {
    if (!(error instanceof WasmError)) throw error
    throw new UsageError(`image ${name}: ${error.message}`, { cause: error })
  }
}

/** SHA-256, in hex, over image, arguments and limits. */
export function identityOf(image: Image, args: readonly string[], memoryPagesMax: number): string {
  return createHash('sha256').update(image.bytes).update(JSON.stringify([args, memoryPagesMax])).digest('hex')
}
