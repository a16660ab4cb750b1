/** What all our command lines have in common: who uses one wrongly is told how to get help, and exit code 2 is for that alone. */
import { Command } from 'commander'

export const WRONG_USE = 2

/** @param name as a person types it, up to the first option */
export function commandLine(name: string): Command {
  return new Command(name)
    .showHelpAfterError(`(try: ${name} --help)`)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : WRONG_USE))
}
