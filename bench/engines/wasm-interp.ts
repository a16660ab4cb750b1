/** `wasm-interp` of npm's wabt: an interpreter in C++ compiled to WebAssembly, as a program of its own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Kernel, Work } from '../kernels/catalogue.ts'
import { check } from './contender.ts'
import type { Contender } from './contender.ts'

const manifest = createRequire(import.meta.url).resolve('wabt/package.json')
const program = join(dirname(manifest), 'bin', 'wasm-interp')
const reporter = fileURLToPath(new URL('report-usage.ts', import.meta.url))

const NAME = 'wasm-interp'

export const wasmInterp: Contender = {
  name: NAME,
  description: 'wasm-interp of npm wabt, its start-up taken off',
  version: (createRequire(import.meta.url)(manifest) as { version: string }).version,
  span: 'difference',
  roundsMax: 3,
  refusal: () => undefined,
  // Its compiled code dies with each process: `large` less `small` leaves the work at full speed.
  open: async (module) => ({
    warmUp: async () => undefined,
    measure: async (kernel) => await run(module, kernel, kernel.large) - await run(module, kernel, kernel.small),
  }),
}

/** Processor time of the program's main thread for a work, start-up included, in milliseconds. */
async function run(module: Uint8Array, kernel: Kernel, work: Work): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ft-bench-'))
  try {
    const file = join(folder, `${kernel.name}.wasm`)
    writeFileSync(file, module)
    const { output, usage } = await start(['--import', reporter, program, file, '-r', 'run', '-a', `i32:${work.size}`])
    const found = /^run\(.*\) => i32:(\d+)$/m.exec(output)
    if (found === null) throw new Error(`${NAME} says: ${output.trim().split('\n').at(-1)}`)
    check(NAME, kernel, work, Number(found[1]) | 0)
    return Number(usage)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function start(args: readonly string[]): Promise<{ readonly output: string; readonly usage: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    const texts = ['', '', '', '']
    for (const at of [1, 2, 3]) child.stdio[at]!.on('data', (bytes: Buffer) => { texts[at] += bytes.toString() })
    child.on('error', reject)
    child.on('close', () => resolve({ output: texts[1] + texts[2], usage: texts[3] }))
  })
}
