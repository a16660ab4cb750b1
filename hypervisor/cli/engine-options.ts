/** Options that say what executes the guest. */
import { statSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { engineNames, type EngineName } from '../host/engine-names.ts'

export type EngineFlags = {
  readonly engine: EngineName
  readonly codeCache?: string
}

/** For a pair: the two replicas may run on different engines, of the same log. */
export type PairEngineFlags = EngineFlags & { readonly backupEngine?: EngineName }

const engineHelp = 'what executes the guest: v8 near native speed, interpreter for debugging and checking'

export function addEngine(command: Command): Command {
  return command
    .addOption(new Option('--engine <name>', engineHelp).choices(engineNames).default('v8'))
    .addOption(new Option('--code-cache <directory>', 'keep code made ready for V8 here; nobody else may write to it: it is run')
      .argParser(directory))
}

export function addPairEngines(command: Command): Command {
  return addEngine(command)
    .addOption(new Option('--backup-engine <name>', 'the backup\'s engine (default: the same)').choices(engineNames))
}

/** The same flags as a command line for `ft-run`. */
export function pairEngineFlags({ engine, backupEngine, codeCache }: PairEngineFlags): readonly string[] {
  const cache = codeCache === undefined ? [] : ['--code-cache', codeCache]
  return ['--engine', engine, '--backup-engine', backupEngine ?? engine, ...cache]
}

function directory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw new InvalidArgumentError(`"${path}" is no directory.`)
  return path
}
