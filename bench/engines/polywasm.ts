/** `polywasm` of npm: no interpreter but a translator to JavaScript, which V8 then compiles. It knows no traps and no stops. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { WebAssembly as Polyfill } from 'polywasm'
import { inProcess, timed } from './in-process.ts'

type Exports = { ft_start(): void, run(size: number): number }

const manifest = new URL('package.json', import.meta.resolve('polywasm'))
const { version } = JSON.parse(readFileSync(fileURLToPath(manifest), 'utf8')) as { version: string }

export const polywasm = inProcess({
  name: 'polywasm', description: 'translates to JavaScript; no traps, no stops', version, span: 'small', simd: false,
  start: async (module) => {
    const { instance } = await Polyfill.instantiate(module.buffer, {})
    const exports = instance.exports as Exports
    exports.ft_start()
    return (size) => timed(() => exports.run(size))
  },
})
