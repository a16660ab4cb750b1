/** What COMMAND INFO says of a command. */
import { Command, Flag, Group, Keys } from './command'
import { array, bulkLetters, bulkText, integer, status, statusLetters } from './reply'

const FLAGS: StaticArray<string> = [
  'write', 'readonly', 'denyoom', 'admin', 'noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'
]

const CATEGORIES: StaticArray<string> = [
  '@keyspace', '@read', '@write', '@set', '@list', '@hash', '@string', '@fast', '@slow', '@dangerous', '@connection'
]

export function groupName(group: u8): string {
  if (group == Group.STRING) return 'string'
  if (group == Group.LIST) return 'list'
  if (group == Group.SET) return 'set'
  if (group == Group.HASH) return 'hash'
  if (group == Group.CONNECTION) return 'connection'
  return group == Group.SERVER ? 'server' : 'generic'
}

export function describeCommand(command: Command): void {
  array(10)
  bulkText(command.name)
  integer(command.arity)
  flags(command.flags)
  const keys = command.keys
  integer(keys == Keys.NONE ? 0 : 1)
  integer(keys == Keys.NONE ? 0 : keys == Keys.FIRST ? 1 : keys == Keys.TWO ? 2 : -1)
  integer(keys == Keys.NONE ? 0 : keys == Keys.PAIRS ? 2 : 1)
  categories(command)
  words(command.tips, false)
  keySpecs(command)
  array(0)
}

function flags(set: u32): void {
  const shown = set & Flag.SHOWN
  array(popcnt(shown))
  for (let i = 0; i < FLAGS.length; i++) {
    if ((shown & (1 << i)) != 0) status(FLAGS[i])
  }
}

/** The categories of a command, as bits in the order they are listed. */
function categoryBits(command: Command): u32 {
  const set = command.flags
  let bits: u32 = (set & Flag.FAST) != 0 ? 128 : 256
  if ((set & Flag.KEYSPACE) != 0) bits |= 1
  if ((set & Flag.READONLY) != 0) bits |= 2
  if ((set & Flag.WRITE) != 0) bits |= 4
  if (command.group == Group.SET) bits |= 8
  if (command.group == Group.LIST) bits |= 16
  if (command.group == Group.HASH) bits |= 32
  if (command.group == Group.STRING) bits |= 64
  if ((set & Flag.DANGEROUS) != 0) bits |= 512
  return command.group == Group.CONNECTION ? bits | 1024 : bits
}

function categories(command: Command): void {
  const bits = categoryBits(command)
  array(popcnt(bits))
  for (let i = 0; i < CATEGORIES.length; i++) {
    if ((bits & (1 << i)) != 0) status(CATEGORIES[i])
  }
}

/** The words of a text, separated by single spaces, as an array: of statuses or of bulk strings. */
function words(text: string, asStatus: bool): void {
  let count = text.length > 0 ? 1 : 0
  for (let i = 0; i < text.length; i++) count += i32(text.charCodeAt(i) == 32)
  array(count)
  for (let start = 0; start < text.length;) {
    let end = start
    while (end < text.length && text.charCodeAt(end) != 32) end++
    const letters = changetype<usize>(text) + (start << 1)
    if (asStatus) statusLetters(letters, end - start)
    else bulkLetters(letters, end - start)
    start = end + 1
  }
}

function keySpecs(command: Command): void {
  const keys = command.keys
  if (keys == Keys.NONE) {
    array(0)
    return
  }
  array(keys == Keys.TWO ? 2 : 1)
  keySpec(command, command.keyFlags, 1)
  if (keys == Keys.TWO) keySpec(command, 'OW update', 2)
}

function keySpec(command: Command, keyFlags: string, index: i32): void {
  array(command.keyNotes.length > 0 ? 8 : 6)
  if (command.keyNotes.length > 0) {
    bulkText('notes')
    bulkText(command.keyNotes)
  }
  bulkText('flags')
  words(keyFlags, true)
  bulkText('begin_search')
  array(4)
  bulkText('type')
  bulkText('index')
  bulkText('spec')
  array(2)
  bulkText('index')
  integer(index)
  bulkText('find_keys')
  array(4)
  bulkText('type')
  bulkText('range')
  bulkText('spec')
  array(6)
  bulkText('lastkey')
  integer(command.keys == Keys.ALL || command.keys == Keys.PAIRS ? -1 : 0)
  bulkText('keystep')
  integer(command.keys == Keys.PAIRS ? 2 : 1)
  bulkText('limit')
  integer(0)
}
