/**
 * `npm run check:runtime`: a language runtime of 16 MB, Ruby as npm has it, prepared, started and used on every engine; then
 * a snapshot of it goes from engine to engine, with one script evaluated on each. One line of JSON.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { engineMaker } from '../../hypervisor/host/engine-maker.ts'
import type { EngineName } from '../../hypervisor/host/engine-names.ts'
import type { Engine, GuestEntry, Stop } from '../../hypervisor/machine/engine.ts'
import { StateHasher } from '../../hypervisor/machine/state-hash.ts'
import { V8_STACK_FLAGS } from '../../hypervisor/v8/stack-flags.ts'
import { engineMakers, engineNames } from './engine-makers.ts'
import { rubyGuest } from './runtime-guest.ts'

const RUBY = '@ruby/3.4-wasm-wasi@2.10.1'
/** Evaluated again and again, and different each time: Ruby keeps what it defined. */
const SCRIPT = `$stdout.sync = true
$n = ($n || 10) + 1
def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
begin
  raise "at #{$n}" if $n.even?
  puts "#{fib($n)} #{2**(10 * $n)} #{Math.sqrt($n)}"
rescue => e
  puts e.message
end`
const ROUNDS = 6
const EXPECTED = [
  '89 1298074214633706907132624082305024 3.3166247903554', 'at 12',
  '233 1361129467683753853853498429727072845824 3.605551275463989', 'at 14',
  '610 1427247692705959881058285969449495136382746624 3.872983346207417', 'at 16', ''
].join('\n')
const limits = { memoryPagesMax: 4096 }

type Sight = { readonly ticks: number, readonly hash: number }

for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
const { bytes, printedAt } = rubyGuest(readFileSync(process.argv[2] ?? fetchRuby()), SCRIPT)
const halt = (error: unknown): void => { throw error }
const starts = await Promise.all(engineNames.map(async (name) => {
  const makeEngine = await engineMaker(name as EngineName)
  return rounded(makeEngine({ image: bytes, limits, cacheDirectory: undefined }, {}, halt).made)
}))
const runs = new Map<string, Sight[]>()
for (const name of engineNames) {
  process.stderr.write(`ruby on ${name}\n`)
  const engine = engineMakers[name](bytes, {}, limits, halt)
  const started = performance.now()
  const sights = [await call(engine, 'ft_start')]
  process.stderr.write(`started after ${(performance.now() - started).toFixed(0)} ms\n`)
  for (let i = 0; i < ROUNDS; i++) sights.push(await call(engine, 'ft_interrupt'))
  expectPrinted(engine, name)
  runs.set(name, sights)
}
process.stderr.write('from engine to engine\n')
const moved = await fromEngineToEngine()
const [first] = runs.values()
for (const [name, sights] of [...runs, ['moving', moved] as const]) {
  if (JSON.stringify(sights) !== JSON.stringify(first)) throw new Error(`${name} differs: ${JSON.stringify([first, sights])}`)
}
const report = { runtime: RUBY, engines: starts, ticks: moved.at(-1)?.ticks, equal: [...runs.keys(), 'moving'] }
process.stdout.write(`${JSON.stringify(report)}\n`)

/** Downloads the package by npm's own client. @returns where the module is */
function fetchRuby(): string {
  const directory = mkdtempSync(join(tmpdir(), 'check-runtime-'))
  process.on('exit', () => rmSync(directory, { recursive: true }))
  const archive = execFileSync('npm', ['pack', '--silent', RUBY], { cwd: directory, encoding: 'utf8' }).trim()
  execFileSync('tar', ['-xzf', archive, 'package/dist/ruby.wasm'], { cwd: directory })
  return join(directory, 'package/dist/ruby.wasm')
}

async function fromEngineToEngine(): Promise<Sight[]> {
  const make = (turn: number): Engine => engineMakers[engineNames[turn % engineNames.length]](bytes, {}, limits, halt)
  let engine = make(0)
  const sights = [await call(engine, 'ft_start')]
  for (let i = 0; i < ROUNDS; i++) {
    const next = make(i + 1)
    next.restore(engine.snapshot())
    engine = next
    sights.push(await call(engine, 'ft_interrupt'))
  }
  expectPrinted(engine, 'moving')
  return sights
}

async function call(engine: Engine, entry: GuestEntry): Promise<Sight> {
  engine.enter(entry, 0)
  const stop = await new Promise<Stop>((resolve) => { engine.run(2 ** 52, resolve) })
  if (stop.kind !== 'idle') throw new Error(`ruby ended: ${JSON.stringify(stop)}`)
  const hasher = new StateHasher()
  const memory = engine.memory()
  hasher.words(new Int32Array(memory.buffer, memory.byteOffset, memory.length / 4))
  hasher.words(engine.globals())
  return { ticks: engine.ticks, hash: hasher.digest() }
}

function expectPrinted(engine: Engine, name: string): void {
  const memory = engine.memory()
  const length = new DataView(memory.buffer, memory.byteOffset).getUint32(printedAt, true)
  const printed = new TextDecoder().decode(memory.slice(printedAt + 4, printedAt + 4 + length))
  if (printed !== EXPECTED) throw new Error(`ruby on ${name} printed ${JSON.stringify(printed)}`)
}

function rounded(made: object): object {
  return Object.fromEntries(Object.entries(made).map(([key, value]) => [key, typeof value === 'number' ? Math.round(value) : value]))
}
