/** CONFIG GET: the few parameters that clients look at. Nothing can be set: the guest has one way to run. */
import { equalsWord, lower, writeText } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { unknownSubcommand, wrongSubArity } from '../errors'
import { matches } from '../glob'
import { array, bulkText, status } from '../reply'

const PARAMETERS: StaticArray<string> = [
  'appendonly', 'no', 'bind', '*', 'databases', '1', 'hz', '10', 'io-threads', '1', 'maxclients', '10000',
  'maxmemory', '0', 'maxmemory-policy', 'noeviction', 'port', '6379', 'proto-max-bulk-len', '536870912',
  'save', '', 'tcp-keepalive', '0', 'timeout', '0'
]
const NAME_MAX = 64
const PATTERN_MAX = 256
const name = memory.data(64)
const pattern = memory.data(256)

export function config(): void {
  if (equalsWord(arg(1), argLen(1), 'get')) get()
  else if (equalsWord(arg(1), argLen(1), 'help')) help()
  else unknownSubcommand('CONFIG')
}

function get(): void {
  if (argc < 3) {
    wrongSubArity('config', 'get')
    return
  }
  let found = 0
  for (let i = 0; i < PARAMETERS.length; i += 2) {
    if (isWanted(PARAMETERS[i])) found++
  }
  array(found * 2)
  for (let i = 0; i < PARAMETERS.length; i += 2) {
    if (!isWanted(PARAMETERS[i])) continue
    bulkText(PARAMETERS[i])
    bulkText(PARAMETERS[i + 1])
  }
}

/** Whether a pattern among the arguments matches, in any case. */
function isWanted(parameter: string): bool {
  assert(parameter.length <= NAME_MAX)
  const len = writeText(name, parameter)
  for (let i = 2; i < argc; i++) {
    if (argLen(i) > PATTERN_MAX) continue
    for (let at = 0; at < argLen(i); at++) store<u8>(pattern + at, lower(load<u8>(arg(i) + at)))
    if (matches(pattern, argLen(i), name, len)) return true
  }
  return false
}

function help(): void {
  array(3)
  status('CONFIG <subcommand> [<arg> ...]. Subcommands are:')
  status('GET <pattern> [<pattern> ...]: parameters that match, with their values.')
  status('HELP: this text.')
}
