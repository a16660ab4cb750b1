/** CONFIG GET: the few parameters that clients look at. Nothing can be set: the guest has one way to run. */
import { equalsWord, lower, writeText } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { unknownSubcommand, wrongSubArity } from '../errors'
import { matches } from '../glob'
import { array, bulk, bulkText, status } from '../reply'

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
    if (wantedBy(PARAMETERS[i]) > 0) found++
  }
  array(found * 2)
  for (let i = 0; i < PARAMETERS.length; i += 2) {
    const by = wantedBy(PARAMETERS[i])
    if (by == 0) continue
    // A plain name is repeated as it was written.
    if (isPattern(by)) bulkText(PARAMETERS[i])
    else bulk(arg(by), argLen(by))
    bulkText(PARAMETERS[i + 1])
  }
}

/** The first argument that names the parameter or matches it, in any case; 0: none. */
function wantedBy(parameter: string): i32 {
  assert(parameter.length <= NAME_MAX)
  const len = writeText(name, parameter)
  for (let i = 2; i < argc; i++) {
    if (argLen(i) > PATTERN_MAX) continue
    for (let at = 0; at < argLen(i); at++) store<u8>(pattern + at, lower(load<u8>(arg(i) + at)))
    if (matches(pattern, argLen(i), name, len)) return i
  }
  return 0
}

function isPattern(at: i32): bool {
  for (let i = 0; i < argLen(at); i++) {
    const byte = load<u8>(arg(at) + i)
    if (byte == 0x2A || byte == 0x3F || byte == 0x5B) return true
  }
  return false
}

function help(): void {
  array(3)
  status('CONFIG <subcommand> [<arg> ...]. Subcommands are:')
  status('GET <pattern> [<pattern> ...]: parameters that match, with their values.')
  status('HELP: this text.')
}
