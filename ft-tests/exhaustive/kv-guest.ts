/** The guest that dies so often: the key/value server, made ready once. */
import { builtinGuest } from '../../guest-images/catalogue.ts'
import { readImage } from '../../hypervisor/host/image.ts'
import { prepareV8, type PreparedGuest } from '../../hypervisor/v8/prepare.ts'

const MEMORY_PAGES_MAX = 1024

export async function kvGuest(): Promise<PreparedGuest> {
  return prepareV8((await readImage('kv', builtinGuest('kv')!.path)).bytes, { memoryPagesMax: MEMORY_PAGES_MAX })
}
