import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Kernels that allocate objects and drop them; the others need no collector. */
const COLLECTED: ReadonlySet<string> = new Set(['objects'])

/** The module of a kernel (`assembly/NAME.ts`), compiled if it is missing or older than any source. Throws if that fails. */
export async function kernelModule(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(root, 'build', `${name}.wasm`)
  const newest = Math.max(...readdirSync(join(root, 'assembly')).map((file) => statSync(join(root, 'assembly', file)).mtimeMs))
  if (!existsSync(path) || statSync(path).mtimeMs < newest) await compile(name, path)
  return new Uint8Array(readFileSync(path))
}

async function compile(name: string, path: string): Promise<void> {
  // Several processes or threads may build at once (test files do): each writes aside, then renames.
  mkdirSync(join(root, 'build'), { recursive: true })
  const aside = mkdtempSync(join(root, 'build', `${name}-`))
  try {
    const { error, stderr } = await asc.main([
      `assembly/${name}.ts`, '--baseDir', root, '--outFile', relative(root, join(aside, 'out.wasm')),
      '--runtime', COLLECTED.has(name) ? 'incremental' : 'stub', '--optimizeLevel', '3', '--shrinkLevel', '0',
      '--enable', 'simd', '--memoryBase', '1024', '--use', 'abort=', '--noColors',
    ])
    if (error) throw new Error(`kernel ${name} does not compile: ${error.message}\n${stderr.toString()}`)
    renameSync(join(aside, 'out.wasm'), path)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
