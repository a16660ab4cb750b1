/** INCR DECR INCRBY DECRBY */
import { arg, argLen } from '../arguments'
import { add, replaceValue } from '../database'
import { NO_NODE } from '../dict'
import { integerArg, isWrongType, lookupArg, notInteger } from '../errors'
import { parseInteger, parsed, writeInteger } from '../numbers'
import { error, integer } from '../reply'
import { Str, bytesOf, newStr } from '../str'
import { Type } from '../value'
import { stringOf } from './strings'

/** A sign and 19 digits. */
const COUNTER_BYTES = 20

export function incr(): void {
  addToCounter(1)
}

export function decr(): void {
  addToCounter(-1)
}

export function incrby(): void {
  if (integerArg(2)) addToCounter(parsed)
}

export function decrby(): void {
  if (!integerArg(2)) return
  if (parsed == i64.MIN_VALUE) error('ERR decrement would overflow')
  else addToCounter(-parsed)
}

function addToCounter(amount: i64): void {
  const node = lookupArg(1)
  if (isWrongType(node, Type.STRING)) return
  let before: i64 = 0
  if (node != NO_NODE) {
    const str = stringOf(node)
    if (!parseInteger(bytesOf(str), str.len)) {
      notInteger()
      return
    }
    before = parsed
  }
  const after = before + amount
  if ((amount < 0) != (after < before) && amount != 0) {
    error('ERR increment or decrement would overflow')
    return
  }
  let str: Str
  if (node != NO_NODE && stringOf(node).holders == 1 && stringOf(node).cap >= COUNTER_BYTES) str = stringOf(node)
  else {
    str = newStr(COUNTER_BYTES)
    if (node == NO_NODE) add(arg(1), argLen(1), Type.STRING, changetype<usize>(str))
    else replaceValue(node, Type.STRING, changetype<usize>(str))
  }
  str.len = <i32>(writeInteger(bytesOf(str), after) - bytesOf(str))
  integer(after)
}
