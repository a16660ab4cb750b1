/** Style as a test. Every exception is listed here, with its reason. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { paperStatements } from './paper-statements.ts'
import { codeOnly, importsOf, impurities, loadedWith, longLines, ownerlessTodos, paperNumbers, switchedTests } from './rules.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const lineLengthMax = 140
const fileLinesMax = 400

const pureFolders = ['ft', 'machine', 'devices', 'wasm', 'switch', 'v8', 'interpreter'].map((name) => `hypervisor/${name}/`)

/** Pure but for what is named; nothing else may be impure there. */
const impureAllowed: Readonly<Record<string, { readonly why: string; readonly what: RegExp }>> = {
  'hypervisor/v8/engine.ts': { why: 'a long run suspends through JSPI, whose interface is promises', what: /: a promise or microtask$/ },
  'hypervisor/v8/wasm-js.ts': { why: 'types of the JSPI interface', what: /: a promise or microtask$/ }
}

const longFilesAllowed: Readonly<Record<string, { readonly why: string; readonly linesMax: number }>> = {
  'hypervisor/ft/replica.ts': { why: 'the roles and all that moves between them are read in one place', linesMax: 480 }
}

/** Files that people, tools or other programs start. */
const entryPoints: readonly RegExp[] = [
  /\.test\.ts$/, /\.config\.js$/, /\.d\.ts$/, /^bench\/[^/]+\.ts$/, /^guest-images\/build\.ts$/, /^guest-images\/\w+\/assembly\/index\.ts$/,
  /^bench\/kernels\/assembly\/\w+\.ts$/, // each a program that bench/kernels/build.ts compiles by name
  /^hypervisor\/host\/interpreter\/build\.ts$/, // npm run build
  /^hypervisor\/cli\/bin\//, /^hypervisor\/cli\/ft-(run|drill|ctl)\.ts$/, // bin/launch.js imports these by name
  /^guest-images\/lib\/console\.ts$/, // build.ts names its abort to the compiler
  /^ft-tests\/channel\/fuzz\/run\.ts$/, // npm run fuzz:links
  /^ft-tests\/drill\/run-steady\.ts$/, // npm run drill:steady
  /^ft-tests\/exhaustive\/run\.ts$/, // npm run drill:exhaustive
  /^ft-tests\/wasm\/(fuzz\/run|hostile-child)\.ts$/, // npm run fuzz:decoder; hostile.test.ts starts the child
  /^ft-tests\/sim\/run(-mutants)?\.ts$/, // npm run sim, npm run sim:mutants
  /^ft-tests\/model\/run\.ts$/, // npm run model
  /^ft-tests\/fuzz\/run\.ts$/, // npm run fuzz:engines
  /^ft-tests\/engines\/check-\w+\.ts$/, // npm run check:stops, check:snapshots
  /^ft-tests\/spec\/run\.ts$/ // npm run spec
]

/** Every source file of the project, by its path from the root. */
function sources(): string[] {
  const skipped = new Set(['node_modules', 'dist', 'build', '.git'])
  const walk = (folder: string): string[] => readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path)
    return /\.(ts|js)$/.test(entry.name) ? [path] : []
  })
  return walk('')
}

const files = new Map(sources().map((path) => [path, readFileSync(join(root, path), 'utf8')]))

/** Runs a rule over files; gives "path: finding" for all of them. */
function findings(rule: (text: string, path: string) => readonly string[], where: (path: string) => boolean = () => true): string[] {
  return [...files].flatMap(([path, text]) => where(path) ? rule(text, path).map((finding) => `${path}: ${finding}`) : [])
}

function isPure(path: string): boolean {
  if (path.startsWith('logging-channel/')) return !path.endsWith('-tcp.ts')
  return pureFolders.some((folder) => path.startsWith(folder))
}

test('pure folders know no time, no chance, no promises and no Node', (t) => {
  const isAllowed = (path: string, finding: string): boolean => impureAllowed[path]?.what.test(finding) ?? false
  t.deepEqual(findings((text, path) => impurities(text).filter((finding) => !isAllowed(path, finding)), isPure), [])
  for (const path of Object.keys(impureAllowed)) {
    t.true(impurities(files.get(path)!).some((finding) => isAllowed(path, finding)), `${path} needs no exception`)
  }
})

test('pure code imports pure code only', (t) => {
  const impure = /^hypervisor\/(host|cli)\/|-tcp\.ts$|\/file-[^/]*$/
  const rule = (text: string, path: string): string[] => targets(path, text).filter((target) => impure.test(target))
  t.deepEqual(findings(rule, isPure), [])
})

test(`lines have at most ${lineLengthMax} characters`, (t) => {
  t.deepEqual(findings((text) => longLines(text, lineLengthMax)), [])
})

test(`files have at most ${fileLinesMax} lines`, (t) => {
  const lines = (text: string): number => text.split('\n').length - 1
  const max = (path: string): number => longFilesAllowed[path]?.linesMax ?? fileLinesMax
  t.deepEqual(findings((text, path) => lines(text) > max(path) ? [`${lines(text)} lines`] : []), [])
  for (const path of Object.keys(longFilesAllowed)) t.true(lines(files.get(path)!) > fileLinesMax, `${path} needs no exception`)
})

test('a TODO names its owner', (t) => {
  t.deepEqual(findings(ownerlessTodos, (path) => !path.startsWith('ft-tests/style/')), [])
})

test('no test is switched off, or on alone', (t) => {
  t.deepEqual(findings(switchedTests, (path) => path.endsWith('.test.ts') && path !== 'ft-tests/style/tidy.test.ts'), [])
})

test('every file is used by another one, or is where something starts', (t) => {
  const used = new Set([...files].flatMap(([path, text]) => targets(path, text)))
  t.deepEqual([...files.keys()].filter((path) => !used.has(path) && !entryPoints.some((pattern) => pattern.test(path))), [])
})

test('every import leads to a file', (t) => {
  const isThere = (path: string, name: string): boolean => existsSync(resolve(root, dirname(path), name))
  const rule = (text: string, path: string): string[] =>
    importsOf(text).filter((name) => /^\.\.?\/.*\.(ts|js)$/.test(name) && !isThere(path, name))
  t.deepEqual(findings(rule, (path) => !path.startsWith('ft-tests/style/')), [])
})

/** What is loaded with a file, in the end: paths of the project's files and names of packages. */
function closure(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen
  seen.add(path)
  for (const name of loadedWith(files.get(path)!)) {
    if (name.startsWith('.')) closure(relative(root, resolve(root, dirname(path), name)), seen)
    else seen.add(name)
  }
  return seen
}

test('a process loads only what it needs: a new backup is waited for', (t) => {
  const loaded = (path: string, unwanted: RegExp): string[] => [...closure(path)].filter((name) => unwanted.test(name))
  t.true(closure('hypervisor/cli/run-replica.ts').has('hypervisor/v8/engine.ts'), 'the imports are followed')
  const heavy = /^hypervisor\/interpreter\/|^(pino|pino-pretty|@assemblyscript\/loader|wabt|hdr-histogram-js)$/
  t.deepEqual(loaded('hypervisor/cli/run-replica.ts', heavy), [])
  t.deepEqual(loaded('hypervisor/cli/ft-run.ts', /^hypervisor\/(v8|wasm|switch|interpreter)\/|^pino|replica-process/), [])
  t.deepEqual(loaded('hypervisor/cli/run-pair.ts', /^hypervisor\/(v8|interpreter)\/|^pino-pretty$|replica-process/), [])
  t.deepEqual(loaded('hypervisor/cli/run-switch.ts', /^hypervisor\/(v8|wasm|machine|interpreter)\/|^pino-pretty$|replica-process/), [])
})

test('every statement of the paper that we claim has a test of its number, and every number is a statement', (t) => {
  const tested = new Set([...files].flatMap(([path, text]) => path.startsWith('ft-tests/paper/') ? paperNumbers(text) : []))
  t.deepEqual(Object.keys(paperStatements).filter((number) => !tested.has(number)), [], 'statements without a test')
  t.deepEqual([...tested].filter((number) => !(number in paperStatements)), [], 'tests of no statement')
})

/** Files of the project that this one imports or starts. AssemblyScript leaves endings out, and names folders. */
function targets(path: string, text: string): string[] {
  return importsOf(text).filter((name) => name.startsWith('.')).flatMap((name) => {
    const at = relative(root, resolve(root, dirname(path), name))
    const found = [at, `${at}.ts`, `${at}/index.ts`].find((candidate) => files.has(candidate) && statSync(join(root, candidate)).isFile())
    return found === undefined ? [] : [found]
  })
}

test('the rules find what they are for', (t) => {
  t.deepEqual(impurities('import { x } from \'node:fs\'\nDate.now() // Date\n/* async */ f(\'await\')\nawait f()'), [
    'import of node:fs', 'line 2: Date', 'line 4: async or await'
  ])
  const impure = ['Math.random()', 'performance.now()', 'setTimeout(f)', 'async () => 1', 'new Promise(f)', 'process.env']
  for (const line of impure) t.is(impurities(line).length, 1, line)
  t.deepEqual(longLines('12345\n1234\n—————', 4), ['line 1: 5 characters', 'line 3: 5 characters'])
  t.deepEqual(ownerlessTodos('// TODO later\n// TODO(ada) later\n// FIXME'), ['line 1', 'line 3'])
  t.deepEqual(switchedTests('test.only(\'a\')\ntest(\'b\')\ntest.serial.skip(\'c\')\n// test.skip'), ['line 1', 'line 3'])
  const importing = 'import a from \'./a.ts\'\nimport \'./b.ts\'\nawait import(\'./d.ts\')\nnew URL(\'e.ts\', import.meta.url)'
  t.deepEqual(importsOf(importing), ['./a.ts', './b.ts', './d.ts', './e.ts'])
  const loading = 'import a from \'./a.ts\'\nimport type { B } from \'./b.ts\'\nimport {\n  c, type D\n} from \'./c.ts\'\n' +
    'import \'node:fs\'\nexport { e } from \'./e.ts\'\nexport const f = \'./f.ts\'\nawait import(\'./g.ts\')'
  t.deepEqual(loadedWith(loading), ['./a.ts', './c.ts', 'node:fs', './e.ts'])
  t.deepEqual(paperNumbers('test(\'P2.1-3 x\', f)\ntest.serial(`P2-1 y`)\ntest(\'P3\')'), ['2.1-3', '2-1'])
  t.is(codeOnly('a /* b\nc */ d \'e\\\'f\' // g'), 'a     \n     d           '.padEnd('a     \n     d '.length + 6 + 5))
})
