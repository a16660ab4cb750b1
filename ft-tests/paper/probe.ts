/** Assembles the guest of the paper tests. */
import { readFileSync } from 'node:fs'
import wabt from 'wabt'

let assembled: Promise<Uint8Array> | undefined

/** The module of `probe.wat`. */
export function probeImage(): Promise<Uint8Array> {
  return (assembled ??= assemble(readFileSync(new URL('./probe.wat', import.meta.url), 'utf8')))
}

/** Any module, from its text. */
export async function assemble(text: string): Promise<Uint8Array> {
  const module = (await wabt()).parseWat('guest.wat', text)
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
