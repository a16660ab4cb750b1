/** SET with its options, SETEX, PSETEX */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { NO_NODE } from '../dict'
import { integerArg, invalidExpire, lookupArg, syntaxError } from '../errors'
import { clearExpiry, setExpiry } from '../expiry'
import { parsed } from '../numbers'
import { nil, ok } from '../reply'
import { nowMs } from '../time'
import { replyString, setString } from './strings'

namespace Option {
  export const NX: u32 = 1
  export const XX: u32 = 2
  export const GET: u32 = 4
  export const KEEPTTL: u32 = 8
  export const EX: u32 = 16
  export const PX: u32 = 32
  export const EXAT: u32 = 64
  export const PXAT: u32 = 128
}

const ANY_EXPIRY = Option.EX | Option.PX | Option.EXAT | Option.PXAT

let options: u32 = 0
let expireAt = 0

export function set(): void {
  if (argc == 3) setPlain()
  else if (readOptions()) setWithOptions()
}

function setPlain(): void {
  const node = setString(lookupArg(1), 1, 2)
  ok()
  if (node.expiry != 0) clearExpiry(node)
}

/** Reads the options into `options`, and where the expire time is into `expireAt`; false after an error. */
function readOptions(): bool {
  options = 0
  expireAt = 0
  for (let i = 3; i < argc; i++) {
    const option = optionAt(i)
    if (option == 0 || (options & excludedBy(option)) != 0) {
      syntaxError()
      return false
    }
    options |= option
    if ((option & ANY_EXPIRY) == 0) continue
    if (++i == argc) {
      syntaxError()
      return false
    }
    expireAt = i
  }
  return true
}

function optionAt(at: i32): u32 {
  const ptr = arg(at)
  const len = argLen(at)
  if (equalsWord(ptr, len, 'nx')) return Option.NX
  if (equalsWord(ptr, len, 'xx')) return Option.XX
  if (equalsWord(ptr, len, 'get')) return Option.GET
  if (equalsWord(ptr, len, 'ex')) return Option.EX
  if (equalsWord(ptr, len, 'px')) return Option.PX
  if (equalsWord(ptr, len, 'exat')) return Option.EXAT
  if (equalsWord(ptr, len, 'pxat')) return Option.PXAT
  return equalsWord(ptr, len, 'keepttl') ? Option.KEEPTTL : 0
}

function excludedBy(option: u32): u32 {
  if (option == Option.NX) return Option.XX
  if (option == Option.XX) return Option.NX
  if (option == Option.KEEPTTL) return ANY_EXPIRY
  return (option & ANY_EXPIRY) != 0 ? (ANY_EXPIRY | Option.KEEPTTL) & ~option : 0
}

function setWithOptions(): void {
  let when: i64 = -1
  if (expireAt != 0) {
    when = readExpire(expireAt, (options & (Option.EX | Option.EXAT)) != 0, (options & (Option.EX | Option.PX)) != 0, 'set')
    if (when < 0) return
  }
  const found = lookupArg(1)
  const gets = (options & Option.GET) != 0
  if (gets && !replyString(found)) return
  if ((options & (found == NO_NODE ? Option.XX : Option.NX)) != 0) {
    if (!gets) nil()
    return
  }
  const node = setString(found, 1, 2)
  if (when >= 0) setExpiry(node, when)
  else if ((options & Option.KEEPTTL) == 0) clearExpiry(node)
  if (!gets) ok()
}

/** Reads an expire time as milliseconds since 1970; -1 after an error. */
function readExpire(at: i32, inSeconds: bool, relative: bool, command: string): i64 {
  if (!integerArg(at)) return -1
  let time = parsed
  if (time <= 0 || (inSeconds && time > i64.MAX_VALUE / 1000)) {
    invalidExpire(command)
    return -1
  }
  if (inSeconds) time *= 1000
  if (relative) time += nowMs()
  if (time <= 0) {
    invalidExpire(command)
    return -1
  }
  return time
}

export function setex(): void {
  setExpiring(true, 'setex')
}

export function psetex(): void {
  setExpiring(false, 'psetex')
}

function setExpiring(inSeconds: bool, command: string): void {
  const when = readExpire(2, inSeconds, true, command)
  if (when < 0) return
  setExpiry(setString(lookupArg(1), 1, 3), when)
  ok()
}
