/** DEL UNLINK EXISTS TYPE RENAME RANDOMKEY DBSIZE FLUSHALL FLUSHDB */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { allKeys, expire, lookup, remove, removeAll, rename as renameKey } from '../database'
import { NO_NODE, keyOf } from '../dict'
import { randomNode } from '../dict-random'
import { lookupArg, readArg, syntaxError } from '../errors'
import { bulk, error, integer, nil, ok, status } from '../reply'
import { equalBytes } from '../str'
import { Type } from '../value'

export function del(): void {
  let removed = 0
  for (let i = 1; i < argc; i++) {
    const node = lookupArg(i)
    if (node == NO_NODE) continue
    remove(node)
    removed++
  }
  integer(removed)
}

export function exists(): void {
  let found = 0
  for (let i = 1; i < argc; i++) {
    if (readArg(i) != NO_NODE) found++
  }
  integer(found)
}

export function typeName(type: u8): string {
  if (type == Type.STRING) return 'string'
  if (type == Type.LIST) return 'list'
  return type == Type.SET ? 'set' : 'hash'
}

export function type(): void {
  const node = readArg(1)
  status(node == NO_NODE ? 'none' : typeName(node.type))
}

export function rename(): void {
  const node = lookupArg(1)
  if (node == NO_NODE) {
    error('ERR no such key')
    return
  }
  if (argLen(1) != argLen(2) || !equalBytes(arg(1), arg(2), argLen(1))) {
    const target = lookup(arg(2), argLen(2))
    if (target != NO_NODE) remove(target)
    renameKey(node, arg(2), argLen(2))
  }
  ok()
}

export function randomkey(): void {
  while (allKeys().count > 0) {
    const node = randomNode(allKeys())
    if (expire(node)) continue
    bulk(keyOf(node), node.keyLen)
    return
  }
  nil()
}

export function dbsize(): void {
  integer(allKeys().count)
}

export function flush(): void {
  if (argc > 2 || (argc == 2 && !equalsWord(arg(1), argLen(1), 'async') && !equalsWord(arg(1), argLen(1), 'sync'))) {
    syntaxError()
    return
  }
  removeAll()
  ok()
}
