/** SADD SREM SISMEMBER SCARD SMEMBERS SPOP */
import { arg, argLen, argc } from '../arguments'
import { add, remove } from '../database'
import { Dict, NO_NODE, Node, find, freeNode, insert, keyOf, newDict, newNode, unlink } from '../dict'
import { randomNode } from '../dict-random'
import { isWrongType, lookupArg, readArg, syntaxError } from '../errors'
import { hashBytes } from '../hash'
import { beginGathering, gatherAll, gathered, gatheredAt } from '../nodes'
import { parsed } from '../numbers'
import { array, bulk, integer, nil } from '../reply'
import { dropStr, Str } from '../str'
import { Type } from '../value'
import { countArg } from './lists'

/** The members of a set, or the fields of a hash. */
export function membersOf(node: Node): Dict {
  return changetype<Dict>(node.value)
}

/** The member, or field, in an argument. */
export function memberArg(members: Dict, at: i32): Node {
  return find(members, arg(at), argLen(at), hashBytes(arg(at), argLen(at)))
}

/** Adds the member, or field, in an argument, which is not there yet. */
export function addMember(members: Dict, at: i32, value: usize): void {
  insert(members, newNode(arg(at), argLen(at), hashBytes(arg(at), argLen(at)), 0, value))
}

/** The node of a set or hash that is made if it does not exist; `NO_NODE` after an error. */
export function memberedArg(at: i32, type: u8): Node {
  const node = lookupArg(at)
  if (isWrongType(node, type)) return NO_NODE
  return node != NO_NODE ? node : add(arg(at), argLen(at), type, changetype<usize>(newDict()))
}

function removeMember(members: Dict, member: Node): void {
  unlink(members, member)
  if (member.value != 0) dropStr(changetype<Str>(member.value))
  freeNode(member)
}

/** SREM and HDEL: removes the members in the arguments, and the key with the last of them. */
export function removeMembers(type: u8): void {
  const node = lookupArg(1)
  if (isWrongType(node, type)) return
  let removed = 0
  for (let i = 2; node != NO_NODE && i < argc; i++) {
    const member = memberArg(membersOf(node), i)
    if (member == NO_NODE) continue
    removeMember(membersOf(node), member)
    removed++
  }
  if (removed > 0 && membersOf(node).count == 0) remove(node)
  integer(removed)
}

/** SCARD and HLEN. */
export function countMembers(type: u8): void {
  const node = readArg(1)
  if (!isWrongType(node, type)) integer(node == NO_NODE ? 0 : membersOf(node).count)
}

export function sadd(): void {
  const node = memberedArg(1, Type.SET)
  if (node == NO_NODE) return
  const members = membersOf(node)
  let added = 0
  for (let i = 2; i < argc; i++) {
    if (memberArg(members, i) != NO_NODE) continue
    addMember(members, i, 0)
    added++
  }
  integer(added)
}

export function srem(): void {
  removeMembers(Type.SET)
}

export function scard(): void {
  countMembers(Type.SET)
}

export function sismember(): void {
  const node = readArg(1)
  if (isWrongType(node, Type.SET)) return
  integer(node != NO_NODE && memberArg(membersOf(node), 2) != NO_NODE ? 1 : 0)
}

export function smembers(): void {
  const node = readArg(1)
  if (isWrongType(node, Type.SET)) return
  if (node == NO_NODE) array(0)
  else replyAll(membersOf(node))
}

function replyAll(members: Dict): void {
  beginGathering()
  gatherAll(members)
  array(gathered)
  for (let i: u32 = 0; i < gathered; i++) bulk(keyOf(gatheredAt(i)), gatheredAt(i).keyLen)
}

export function spop(): void {
  if (argc > 3) {
    syntaxError()
    return
  }
  if (argc == 3 && !countArg(2)) return
  const node = lookupArg(1)
  if (isWrongType(node, Type.SET)) return
  if (argc == 3) popMany(node, parsed)
  else if (node == NO_NODE) nil()
  else {
    popOne(membersOf(node))
    if (membersOf(node).count == 0) remove(node)
  }
}

function popMany(node: Node, count: i64): void {
  if (node == NO_NODE || count == 0) {
    array(0)
    return
  }
  const members = membersOf(node)
  if (count >= <i64>members.count) {
    replyAll(members)
    remove(node)
    return
  }
  array(count)
  for (; count > 0; count--) popOne(members)
}

function popOne(members: Dict): void {
  const member = randomNode(members)
  bulk(keyOf(member), member.keyLen)
  removeMember(members, member)
}
