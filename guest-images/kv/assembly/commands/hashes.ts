/** HSET HGET HDEL HGETALL HLEN */
import { argc, takeArg } from '../arguments'
import { NO_NODE, Node, keyOf } from '../dict'
import { isWrongType, readArg, wrongArity } from '../errors'
import { beginGathering, gatherAll, gathered, gatheredAt } from '../nodes'
import { array, bulk, bulkStr, integer, nil } from '../reply'
import { Str, dropStr } from '../str'
import { Type } from '../value'
import { addMember, countMembers, memberArg, memberedArg, membersOf, removeMembers } from './sets'

export function hset(): void {
  if ((argc & 1) != 0) {
    wrongArity('hset')
    return
  }
  const node = memberedArg(1, Type.HASH)
  if (node == NO_NODE) return
  const fields = membersOf(node)
  let added = 0
  for (let i = 2; i < argc; i += 2) {
    const value = changetype<usize>(takeArg(i + 1))
    const field = memberArg(fields, i)
    if (field == NO_NODE) {
      addMember(fields, i, value)
      added++
    } else {
      dropStr(changetype<Str>(field.value))
      field.value = value
    }
  }
  integer(added)
}

export function hget(): void {
  const node = readArg(1)
  if (isWrongType(node, Type.HASH)) return
  const field = node == NO_NODE ? NO_NODE : memberArg(membersOf(node), 2)
  if (field == NO_NODE) nil()
  else bulkStr(valueOf(field))
}

function valueOf(field: Node): Str {
  return changetype<Str>(field.value)
}

export function hdel(): void {
  removeMembers(Type.HASH)
}

export function hlen(): void {
  countMembers(Type.HASH)
}

export function hgetall(): void {
  const node = readArg(1)
  if (isWrongType(node, Type.HASH)) return
  beginGathering()
  if (node != NO_NODE) gatherAll(membersOf(node))
  array(<i64>gathered * 2)
  for (let i: u32 = 0; i < gathered; i++) {
    const field = gatheredAt(i)
    bulk(keyOf(field), field.keyLen)
    bulkStr(valueOf(field))
  }
}
