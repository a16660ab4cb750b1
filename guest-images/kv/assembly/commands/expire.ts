/** EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL PERSIST */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { remove } from '../database'
import { NO_NODE } from '../dict'
import { integerArg, invalidExpire, lookupArg, readArg } from '../errors'
import { clearExpiry, expiryOf, setExpiry } from '../expiry'
import { parsed } from '../numbers'
import { beginError, endError, error, errorBytes, integer } from '../reply'
import { nowMs } from '../time'

namespace Condition {
  export const NX: u32 = 1
  export const XX: u32 = 2
  export const GT: u32 = 4
  export const LT: u32 = 8
}

export function expire(): void {
  expireKey(true, nowMs(), 'expire')
}

export function pexpire(): void {
  expireKey(false, nowMs(), 'pexpire')
}

export function expireat(): void {
  expireKey(true, 0, 'expireat')
}

export function pexpireat(): void {
  expireKey(false, 0, 'pexpireat')
}

function expireKey(inSeconds: bool, base: i64, command: string): void {
  if (!readConditions() || !integerArg(2)) return
  let when = parsed
  if (inSeconds && (when > i64.MAX_VALUE / 1000 || when < i64.MIN_VALUE / 1000)) {
    invalidExpire(command)
    return
  }
  if (inSeconds) when *= 1000
  if (when > i64.MAX_VALUE - base) {
    invalidExpire(command)
    return
  }
  when += base
  const node = lookupArg(1)
  if (node == NO_NODE || !allows(expiryOf(node), when)) {
    integer(0)
    return
  }
  if (when <= nowMs()) remove(node)
  else setExpiry(node, when)
  integer(1)
}

let conditions: u32 = 0

function readConditions(): bool {
  conditions = 0
  for (let i = 3; i < argc; i++) {
    const condition = conditionAt(i)
    if (condition == 0) {
      beginError('ERR Unsupported option ')
      errorBytes(arg(i), argLen(i), 1024)
      endError()
      return false
    }
    conditions |= condition
  }
  if ((conditions & Condition.NX) != 0 && conditions != Condition.NX) {
    error('ERR NX and XX, GT or LT options at the same time are not compatible')
    return false
  }
  if ((conditions & Condition.GT) != 0 && (conditions & Condition.LT) != 0) {
    error('ERR GT and LT options at the same time are not compatible')
    return false
  }
  return true
}

function conditionAt(at: i32): u32 {
  const ptr = arg(at)
  const len = argLen(at)
  if (equalsWord(ptr, len, 'nx')) return Condition.NX
  if (equalsWord(ptr, len, 'xx')) return Condition.XX
  if (equalsWord(ptr, len, 'gt')) return Condition.GT
  return equalsWord(ptr, len, 'lt') ? Condition.LT : 0
}

/** Whether the conditions let an expiry (-1: never) be replaced by another. */
function allows(current: i64, when: i64): bool {
  if ((conditions & Condition.NX) != 0 && current >= 0) return false
  if ((conditions & Condition.XX) != 0 && current < 0) return false
  if ((conditions & Condition.GT) != 0 && (current < 0 || when <= current)) return false
  return (conditions & Condition.LT) == 0 || current < 0 || when < current
}

export function ttl(): void {
  const left = timeLeft()
  integer(left < 0 ? left : (left + 500) / 1000)
}

export function pttl(): void {
  integer(timeLeft())
}

/** Milliseconds to the expiry; -1: never; -2: no such key. */
function timeLeft(): i64 {
  const node = readArg(1)
  if (node == NO_NODE) return -2
  const when = expiryOf(node)
  return when < 0 ? -1 : max(when - nowMs(), 0)
}

export function persist(): void {
  const node = lookupArg(1)
  const had = node != NO_NODE && node.expiry != 0
  if (had) clearExpiry(node)
  integer(had ? 1 : 0)
}
