/** PING ECHO QUIT SELECT HELLO */
import { equalsText, equalsWord } from '../../../lib/text'
import { arg, argLen, argStr, argc } from '../arguments'
import { Connection } from '../connection'
import { integerArg, wrongArity } from '../errors'
import { parseInteger, parsed } from '../numbers'
import { client } from '../output'
import { array, beginError, bulk, bulkStr, bulkText, endError, error, errorBytes, errorText, integer, ok, status } from '../reply'
import { Str } from '../str'
import { setName } from './client'

export function ping(): void {
  if (argc > 2) wrongArity('ping')
  else if (argc == 2) echoArg(1)
  else status('PONG')
}

export function echo(): void {
  echoArg(1)
}

function echoArg(at: i32): void {
  const big = argStr(at)
  if (big != 0) bulkStr(changetype<Str>(big))
  else bulk(arg(at), argLen(at))
}

export function quit(): void {
  ok()
  client().closing = true
}

export function select(): void {
  if (!integerArg(1)) return
  if (parsed > i32.MAX_VALUE || parsed < i32.MIN_VALUE) {
    error('ERR value is out of range, value must between -2147483648 and 2147483647')
  } else if (parsed != 0) error('ERR DB index is out of range')
  else ok()
}

/** Only RESP2 is spoken. */
export function hello(): void {
  if (argc >= 2) {
    if (!parseInteger(arg(1), argLen(1))) {
      error('ERR Protocol version is not an integer or out of range')
      return
    }
    if (parsed != 2) {
      error('NOPROTO unsupported protocol version')
      return
    }
  }
  const connection = client()
  for (let i = 2; i < argc; i++) {
    if (equalsWord(arg(i), argLen(i), 'auth') && i + 2 < argc) {
      if (!isDefaultUser(i + 1)) return
      i += 2
    } else if (equalsWord(arg(i), argLen(i), 'setname') && i + 1 < argc) {
      if (!setName(connection, ++i)) return
    } else {
      beginError("ERR Syntax error in HELLO option '")
      errorBytes(arg(i), argLen(i), 128)
      errorText("'")
      endError()
      return
    }
  }
  introduce(connection)
}

/** There is one user, default, and it needs no password. */
function isDefaultUser(at: i32): bool {
  if (equalsText(arg(at), argLen(at), 'default')) return true
  error('WRONGPASS invalid username-password pair or user is disabled.')
  return false
}

function introduce(connection: Connection): void {
  array(14)
  bulkText('server')
  bulkText('redis')
  bulkText('version')
  bulkText('7.0.15')
  bulkText('proto')
  integer(2)
  bulkText('id')
  integer(connection.number)
  bulkText('mode')
  bulkText('standalone')
  bulkText('role')
  bulkText('master')
  bulkText('modules')
  array(0)
}
