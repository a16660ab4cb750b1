/** What the IMAGE argument means: a built-in name or the path of a module. */
import { existsSync } from 'node:fs'
import { builtinGuest, builtinGuests } from '../../guest-images/catalogue.ts'
import { readImage, useImage, type Image } from '../host/image.ts'
import { UsageError } from '../host/usage-error.ts'
import { admitGuest } from '../wasm/admit.ts'

export type FoundImage = { readonly image: Image; readonly path: string; readonly guestPort: number | undefined }

/** @throws UsageError if it is neither, or can't be read */
export async function findImage(name: string): Promise<FoundImage> {
  const builtin = builtinGuest(name)
  if (builtin !== undefined) return { image: await readBuiltin(name, builtin.path), path: name, guestPort: builtin.port }
  if (!name.includes('/') && !name.endsWith('.wasm') && !existsSync(name)) {
    const names = builtinGuests().map((guest) => guest.name).join(', ')
    throw new UsageError(`no image "${name}": give a built-in name (${names}) or the path of a .wasm file`)
  }
  return { image: await readImage(name, name), path: name, guestPort: undefined }
}

/** Refuses a module that can't be a guest. @throws UsageError, which says where and why */
export function checkImage(image: Image): void {
  useImage(image, admitGuest)
}

async function readBuiltin(name: string, path: string): Promise<Image> {
  try {
    return await readImage(name, path)
  } catch {
    throw new UsageError(`built-in image ${name} is not built; run "npm run build" in the project's folder`)
  }
}
