/** `npm run spec -- --engine interpreter|v8 [--json] [folder]`: the WebAssembly suite from the command line. */
import { Option } from 'commander'
import { commandLine, WRONG_USE } from '../../hypervisor/cli/command-line.ts'
import { openSpecFolder, openSpecSuite, SPEC_ABSENT } from '../wasm/spec-suite.ts'
import type { SpecSuite } from '../wasm/spec-suite.ts'
import { ENGINES, reasonToSkip } from './engines.ts'
import type { EngineName } from './engines.ts'
import { tellFailure, tellFile, tellSummary } from './report-text.ts'
import { Tally } from './tally.ts'

interface Flags {
  readonly engine: EngineName
  readonly json: boolean
}

const notes = `
Runs every command of the suite's scripts: modules, register, actions and all kinds of assertions. The folder may hold
spec-2.0.tar.gz (to which the five scripts that it lacks are added), what it unpacks to, or scripts (NAME.json as
wast2json writes them, NAME.wast). By default it is FT_WASM_SPEC or ../shared/wasm-spec.

This machine's NaNs are stricter than the suite's: where it takes any NaN, the canonical positive one must come.
Exit codes: 0 every assertion holds, 1 one doesn't, 2 wrong arguments or no suite.`

const PROGRESS_MS = 2000

commandLine('npm run spec --')
  .description('Runs the WebAssembly specification\'s test suite on an engine.')
  .argument('[folder]', 'where the suite is')
  .addOption(new Option('--engine <name>', 'the engine').choices(Object.keys(ENGINES)).makeOptionMandatory())
  .option('--json', 'print the report as one line of JSON', false)
  .addHelpText('after', notes)
  .action((folder: string | undefined, flags: Flags) => run(open(folder), flags))
  .parse()

function open(folder: string | undefined): SpecSuite {
  try {
    const suite = folder === undefined ? openSpecSuite() : openSpecFolder(folder)
    if (suite !== undefined) return suite
    process.stderr.write(`spec: ${SPEC_ABSENT}; name its folder\n`)
  } catch (error) {
    process.stderr.write(`spec: ${(error as Error).message}\n`)
  }
  process.exit(WRONG_USE)
}

function run({ scripts, remove }: SpecSuite, { engine, json }: Flags): void {
  const tally = new Tally()
  let told = performance.now()
  scripts.forEach((script, i) => {
    const before = tally.failures.length
    const count = tally.run(script, ENGINES[engine](), command => reasonToSkip(engine, script, command))
    if (!json) process.stdout.write(tellFile(script.name, count) + tally.failures.slice(before).map(tellFailure).join(''))
    if (performance.now() - told < PROGRESS_MS) return
    told = performance.now()
    process.stderr.write(`spec: ${i + 1} of ${scripts.length} files, ${tally.failures.length} failed\n`)
  })
  remove()
  const report = tally.report(engine)
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : tellSummary(report))
  process.exitCode = report.failed === 0 && report.passed > 0 ? 0 : 1
}
