/** COMMAND, and COUNT LIST INFO DOCS GETKEYS HELP */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { Command, Keys, commandAt, commandCount, commandNamed } from '../command'
import { describeCommand, groupName } from '../command-info'
import { syntaxError, unknownSubcommand, wrongSubArity } from '../errors'
import { array, bulk, bulkText, error, integer, nil, status } from '../reply'

export function command(): void {
  if (argc == 1) {
    describeAll()
    return
  }
  const ptr = arg(1)
  const len = argLen(1)
  if (equalsWord(ptr, len, 'count')) count()
  else if (equalsWord(ptr, len, 'list')) list()
  else if (equalsWord(ptr, len, 'info')) info()
  else if (equalsWord(ptr, len, 'docs')) docs()
  else if (equalsWord(ptr, len, 'getkeys')) getKeys()
  else if (equalsWord(ptr, len, 'help')) help()
  else unknownSubcommand('COMMAND')
}

function describeAll(): void {
  array(commandCount())
  for (let i = 0; i < commandCount(); i++) describeCommand(commandAt(i))
}

function count(): void {
  if (argc == 2) integer(commandCount())
  else wrongSubArity('command', 'count')
}

/** Without filters: there are no modules, and the categories are in INFO. */
function list(): void {
  if (argc > 2) {
    syntaxError()
    return
  }
  array(commandCount())
  for (let i = 0; i < commandCount(); i++) bulkText(commandAt(i).name)
}

function info(): void {
  if (argc == 2) {
    describeAll()
    return
  }
  array(argc - 2)
  for (let i = 2; i < argc; i++) {
    const found = commandNamed(arg(i), argLen(i))
    if (found === null) nil()
    else describeCommand(found)
  }
}

function docs(): void {
  if (argc == 2) {
    array(commandCount() * 2)
    for (let i = 0; i < commandCount(); i++) document(commandAt(i))
    return
  }
  let known = 0
  for (let i = 2; i < argc; i++) {
    if (commandNamed(arg(i), argLen(i)) !== null) known++
  }
  array(known * 2)
  for (let i = 2; i < argc; i++) {
    const found = commandNamed(arg(i), argLen(i))
    if (found !== null) document(found)
  }
}

function document(found: Command): void {
  bulkText(found.name)
  array(2)
  bulkText('group')
  bulkText(groupName(found.group))
}

function getKeys(): void {
  if (argc < 4) {
    wrongSubArity('command', 'getkeys')
    return
  }
  const found = commandNamed(arg(2), argLen(2))
  if (found === null) error('ERR Invalid command specified')
  else if (found.keys == Keys.NONE) error('ERR The command has no key arguments')
  else if (found.arity > 0 ? argc - 2 != found.arity : argc - 2 < -found.arity) {
    error('ERR Invalid number of arguments specified for command')
  } else replyKeys(found.keys)
}

function replyKeys(keys: u8): void {
  const step = keys == Keys.PAIRS ? 2 : 1
  const last = keys == Keys.FIRST ? 3 : keys == Keys.TWO ? 4 : argc - 1
  array((last - 3) / step + 1)
  for (let i = 3; i <= last; i += step) bulk(arg(i), argLen(i))
}

function help(): void {
  array(7)
  status('COMMAND [<subcommand> [<arg> ...]]. Without a subcommand: what INFO says of every command. Subcommands are:')
  status('COUNT: how many commands there are.')
  status('LIST: their names.')
  status('INFO [<command> ...]: arity, flags, keys and categories.')
  status('DOCS [<command> ...]: the group a command belongs to.')
  status('GETKEYS <command> <arg> ...: which arguments are keys.')
  status('HELP: this text.')
}
