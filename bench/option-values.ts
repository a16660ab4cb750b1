import { InvalidArgumentError, Option } from 'commander'

/** An option whose value is a number above 0. */
export function positive(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value) => {
    if (!(Number(value) > 0)) throw new InvalidArgumentError(`"${value}" is not a number above 0.`)
    return Number(value)
  })
}
