/**
 * How much slower kernels run on our engines, and on other interpreters that JavaScript can host, than on V8 as it is.
 * `npm run bench:engines -- --help`
 */
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import { commandLine } from '../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../hypervisor/cli/option-values.ts'
import type { Contender } from './engines/contender.ts'
import { kernelFigures } from './engines/figures.ts'
import type { KernelFigures } from './engines/figures.ts'
import { ourEngines } from './engines/our-engines.ts'
import { polywasm } from './engines/polywasm.ts'
import { enginesReport, enginesTable } from './engines/report.ts'
import { measureKernel } from './engines/rounds.ts'
import { wasmInterp } from './engines/wasm-interp.ts'
import { kernels } from './kernels/catalogue.ts'
import type { Kernel } from './kernels/catalogue.ts'

type Flags = {
  readonly rounds?: number
  readonly kernels: readonly Kernel[]
  readonly contenders?: readonly Contender[]
  readonly quick: boolean
  readonly json: boolean
  readonly output?: string
}

const peers: readonly Contender[] = [wasmInterp, polywasm]
const everyone = [...ourEngines, ...peers]

const examples = `
Kernels: ${kernels().map(({ name }) => name).join(', ')}
Contenders: ${everyone.map(({ name, description }) => `\n  ${name}: ${description}`).join('')}

Examples:
  npm run bench:engines                                        15 rounds, everything, about 8 minutes
  npm run bench:engines -- --quick --json                      5 rounds, our engines, under 50 s
  npm run bench:engines -- --kernels fib,vm --contenders v8`

commandLine('npm run bench:engines --')
  .description('Slowdowns of kernels against V8 as it is, in interleaved rounds; every result is checked.')
  .addOption(new Option('--rounds <n>', 'interleaved rounds (default: 15; quick: 5)').argParser(wholeFrom(1, 9999)))
  .addOption(new Option('--kernels <list>', 'kernels to run').argParser(chosen('kernel', kernels())).default(kernels(), 'all'))
  .addOption(new Option('--contenders <list>', 'what to compare (default: all; quick: our engines)')
    .argParser(chosen('contender', everyone)))
  .option('--quick', 'fewer rounds, our engines only', false)
  .option('--json', 'print one line of JSON', false)
  .option('--output <file>', 'write the JSON to a file too, for engines-plot.ts')
  .addHelpText('after', examples)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`bench:engines: ${(error as Error).message}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  const { rounds = flags.quick ? 5 : 15, contenders = flags.quick ? ourEngines : everyone } = flags
  const loadBefore = Math.round(loadavg()[0] * 10) / 10
  const figures: Record<string, KernelFigures> = {}
  for (const [at, kernel] of flags.kernels.entries()) {
    process.stderr.write(`${at + 1}/${flags.kernels.length}: ${kernel.name}\n`)
    const samples = await measureKernel(kernel, contenders, rounds, (contender) => ourEngines.includes(contender))
    figures[kernel.name] = kernelFigures(kernel, contenders, samples)
  }
  const report = enginesReport({
    node: process.versions.node, processor: cpus()[0].model, rounds, loadBefore,
    contenders: Object.fromEntries(contenders.map(({ name, description, version }) => [name, { description, version }])),
  }, figures)
  if (flags.output !== undefined) writeFileSync(flags.output, `${JSON.stringify(report, undefined, 2)}\n`)
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : enginesTable(report))
}

/** Parses a list of names, separated by commas. */
function chosen<T extends { readonly name: string }>(what: string, all: readonly T[]): (value: string) => T[] {
  return (value) => value.split(',').map((name) => {
    const found = all.find((each) => each.name === name)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`no ${what} "${name}" (there are: ${all.map((each) => each.name).join(', ')}).`)
  })
}
