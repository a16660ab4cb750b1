import { fileURLToPath } from 'node:url'

/** Where the compiled execution core lies. */
export const corePath = fileURLToPath(new URL('../../interpreter/build/core.wasm', import.meta.url))
