import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'

/** What a guest may use (`hypervisor/wasm/README.md`), in Binaryen's words. */
const FEATURES = [
  'sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'bulk-memory', 'bulk-memory-opt', 'tail-call',
  'reference-types', 'multivalue', 'extended-const',
]

type Instantiate = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => void
interface ProgramModule {
  instantiateWasm?: Instantiate
  postRun: () => void
}
type Program = (module: ProgramModule, require: NodeJS.Require, file: string, folder: string, process: object,
  wasm: object, console: object) => void

export interface ModuleKind {
  /** Few traps on memory. */
  readonly inBounds: boolean
  readonly simd: boolean
}

/** Makes a module of random bytes; the same for the same bytes. One call at a time. */
export interface Translator {
  translate(input: Uint8Array, kind: ModuleKind): Promise<Uint8Array>
  close(): void
}

/**
 * Binaryen's `wasm-opt -ttf`, which makes a valid module out of any bytes. Its program is an Emscripten script around a Wasm
 * module: read and compiled once, run anew for each input (20 to 50 ms instead of 250 for a process).
 */
export class TranslateToFuzz implements Translator {
  private readonly path = createRequire(import.meta.url).resolve('binaryen').replace(/index\.js$/, 'bin/wasm-opt')
  private readonly folder = mkdtempSync(join(tmpdir(), 'ft-fuzz-'))
  private program: Program | undefined
  private compiled: WebAssembly.Module | undefined

  translate(input: Uint8Array, { inBounds, simd }: ModuleKind): Promise<Uint8Array> {
    const from = join(this.folder, 'input')
    const to = join(this.folder, 'output')
    writeFileSync(from, input)
    const features = simd ? [...FEATURES, 'simd'] : FEATURES
    const flags = ['-mvp', ...features.map(name => `--enable-${name}`), ...(inBounds ? ['--no-fuzz-oob'] : [])]
    return new Promise(resolve => {
      this.run([...flags, '-ttf', from, '-o', to, '-q'], () => resolve(readFileSync(to)))
    })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private run(args: readonly string[], postRun: () => void): void {
    const parameters = ['Module', 'require', '__filename', '__dirname', 'process', 'WebAssembly', 'console']
    this.program ??= compileFunction(readFileSync(this.path, 'utf8').replace(/^#!.*/, ''), parameters) as Program
    const { compiled } = this
    const module: ProgramModule = { postRun }
    if (compiled !== undefined) module.instantiateWasm = (imports, done) => done(new WebAssembly.Instance(compiled, imports))
    const instantiate = async (bytes: BufferSource, imports: WebAssembly.Imports): Promise<object> => {
      this.compiled = new WebAssembly.Module(bytes)
      return { instance: new WebAssembly.Instance(this.compiled, imports) }
    }
    const wasm = Object.create(WebAssembly, { instantiate: { value: instantiate } })
    const own = Object.create(process, { argv: { value: ['node', this.path, ...args] }, exitCode: { value: 0, writable: true } })
    const silent = { log: () => undefined, warn: () => undefined, error: () => undefined }
    this.program(module, createRequire(this.path), this.path, this.folder, own, wasm, silent)
  }
}

/** Keeps what was made in a folder: other processes, whose V8 is made slow on purpose, find it there. */
export class KeptModules implements Translator {
  private readonly folder: string
  private readonly inner = new TranslateToFuzz()

  constructor(folder: string) {
    this.folder = folder
  }

  async translate(input: Uint8Array, kind: ModuleKind): Promise<Uint8Array> {
    const name = createHash('sha1').update(input).update(JSON.stringify(kind)).digest('hex')
    const file = join(this.folder, `${name}.wasm`)
    if (existsSync(file)) return readFileSync(file)
    const made = await this.inner.translate(input, kind)
    writeFileSync(file, made)
    return made
  }

  close(): void {
    this.inner.close()
  }
}
