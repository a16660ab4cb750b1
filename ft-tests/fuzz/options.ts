import { InvalidArgumentError, Option } from 'commander'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { ENGINES } from './engine-kinds.ts'
import { PLANTS } from './plants.ts'

export interface Options {
  readonly seeds: number
  readonly from: number
  readonly json: boolean
  readonly engines: readonly string[]
  /** A planted bug (`NAME` or `NAME@ENGINE`), or `all`. */
  readonly plant: string | undefined
  readonly tiers: boolean
  readonly simd: boolean
  readonly out: string
  readonly reduceSeconds: number
  readonly keep: string | undefined
}


const notes = `
Each seed makes a random module (odd: Binaryen's translate-to-fuzz, even: a generator of our own) and a scenario: arguments,
interrupts, stops at random ticks, answers of the host. All engines must show the same results, traps, ticks, host calls and
state hashes: run through, stopped on the way, interrupted, and moved between engines by snapshot. A naive instrumentation of
the module is the third voice, and says which opcodes were reached.

A mismatch prints its seed and the first difference; a minimised module is written as .wasm and .wat.

Planted bugs:
${Object.entries(PLANTS).map(([name, { what }]) => `  ${name.padEnd(14)} ${what}`).join('\n')}

Exit codes: 0 no mismatch (with --plant: every bug found), 1 otherwise, 2 wrong arguments.`

function engineNames(text: string): string[] {
  const names = text.split(',')
  for (const name of names) {
    if (!Object.hasOwn(ENGINES, name)) throw new InvalidArgumentError(`engines are ${Object.keys(ENGINES).join(', ')}.`)
  }
  return names
}

function plantName(text: string): string {
  const [name, engine, ...rest] = text.split('@')
  const known = name === 'all' ? engine === undefined : Object.hasOwn(PLANTS, name)
  if (known && rest.length === 0 && (engine === undefined || Object.hasOwn(ENGINES, engine))) return text
  throw new InvalidArgumentError(`bugs are all, ${Object.keys(PLANTS).join(', ')}; behind an @ the engine.`)
}

/** The command's options. Ends the process with a line of its own if they are wrong. */
export function parseOptions(args: readonly string[], defaultOut: string): Options {
  const command = commandLine('npm run fuzz:engines --')
    .description('Runs random modules on all engines and compares everything that can be seen.')
    .option('--seeds <count>', 'how many seeds', wholeFrom(0), 500)
    .option('--from <seed>', 'the first one', wholeFrom(0), 1)
    .option('--engines <names>', 'engines to compare, the reference first', engineNames, Object.keys(ENGINES))
    .option('--plant <bug>', 'plant a bug and see that it is found: BUG, BUG@ENGINE or all', plantName)
    .option('--tiers', 'in child processes: V8 as it is, its baseline compiler only, its optimising compiler only', false)
    .option('--no-simd', 'modules without vectors')
    .option('--out <folder>', 'where minimised modules are written', defaultOut)
    .option('--reduce-seconds <seconds>', 'how long a module is minimised (0: not)', wholeFrom(0), 20)
    .option('--json', 'print the report as one line of JSON', false)
    .addOption(new Option('--keep <folder>', 'keep Binaryen\'s modules in a folder').hideHelp())
    .addHelpText('after', notes)
  return command.parse([...args], { from: 'user' }).opts<Options>()
}
