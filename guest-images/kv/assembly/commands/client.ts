/** CLIENT and its subcommands: ID INFO LIST SETNAME GETNAME SETINFO NO-EVICT REPLY KILL HELP */
import { network } from '../../../lib'
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { Command } from '../command'
import { Connection, Replies, closeIfDone, oldest } from '../connection'
import { syntaxError, unknownSubcommand, wrongSubArity } from '../errors'
import { parseInteger, parsed } from '../numbers'
import { client, mute } from '../output'
import { array, beginError, bulkStr, endError, error, errorBytes, errorText, integer, nil, ok, status } from '../reply'
import { Str, bytesOf, dropStr, strFrom } from '../str'
import { addBytes, addNumber, addText, replyBuilt } from '../text-builder'
import { nowMs } from '../time'

export function clientCommand(): void {
  const ptr = arg(1)
  const len = argLen(1)
  if (equalsWord(ptr, len, 'id')) id()
  else if (equalsWord(ptr, len, 'info')) info()
  else if (equalsWord(ptr, len, 'list')) list()
  else if (equalsWord(ptr, len, 'setname')) setNameCommand()
  else if (equalsWord(ptr, len, 'getname')) getName()
  else if (equalsWord(ptr, len, 'setinfo')) setInfo()
  else if (equalsWord(ptr, len, 'no-evict')) noEvict()
  else if (equalsWord(ptr, len, 'reply')) reply()
  else if (equalsWord(ptr, len, 'kill')) kill()
  else if (equalsWord(ptr, len, 'help')) help()
  else unknownSubcommand('CLIENT')
}

/** Whether the request has so many arguments; if not, the error has been given. */
function has(count: i32, subcommand: string): bool {
  if (argc == count) return true
  wrongSubArity('client', subcommand)
  return false
}

function id(): void {
  if (has(2, 'id')) integer(client().number)
}

function info(): void {
  if (!has(2, 'info')) return
  describe(client())
  replyBuilt()
}

function list(): void {
  const only = argc > 2 && equalsWord(arg(2), argLen(2), 'id')
  if (argc == 3 || (argc > 3 && !only && !equalsWord(arg(2), argLen(2), 'type')) || (!only && argc > 4)) {
    syntaxError()
    return
  }
  if (argc == 4 && !only && !isClientType(3)) return
  if (only && !areIds()) return
  const none = argc == 4 && !only && !equalsWord(arg(3), argLen(3), 'normal')
  for (let connection = oldest; connection !== null && !none; connection = connection!.after) {
    if (!only || isAmongIds(connection.number)) describe(connection)
  }
  replyBuilt()
}

function isClientType(at: i32): bool {
  const ptr = arg(at)
  const len = argLen(at)
  if (equalsWord(ptr, len, 'normal') || equalsWord(ptr, len, 'master') || equalsWord(ptr, len, 'replica') ||
    equalsWord(ptr, len, 'slave') || equalsWord(ptr, len, 'pubsub')) return true
  beginError("ERR Unknown client type '")
  errorBytes(ptr, len, 1024)
  errorText("'")
  endError()
  return false
}

function areIds(): bool {
  for (let i = 3; i < argc; i++) {
    if (parseInteger(arg(i), argLen(i))) continue
    error('ERR Invalid client ID')
    return false
  }
  return true
}

function isAmongIds(number: u32): bool {
  for (let i = 3; i < argc; i++) {
    if (parseInteger(arg(i), argLen(i)) && parsed == number) return true
  }
  return false
}

const peer = memory.data(256)

/** One line of CLIENT LIST. */
function describe(connection: Connection): void {
  addText('id=')
  addNumber(connection.number)
  addText(' addr=')
  addBytes(peer, peerOf(connection))
  addText(' laddr=127.0.0.1:6379 fd=')
  addNumber(connection.number)
  addText(' name=')
  addStr(connection.name)
  addText(' age=')
  addNumber((nowMs() - connection.since) / 1000)
  addText(' idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=')
  addNumber(connection.end - connection.start)
  addText(' qbuf-free=')
  addNumber(connection.cap - (connection.end - connection.start))
  addText(' argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=')
  addNumber(connection.backlog)
  addText(' tot-mem=')
  addNumber(offsetof<Connection>() + connection.cap + connection.backlog)
  addText(' events=r cmd=')
  addLastCommand(connection)
  addText(' user=default redir=-1 resp=2\n')
}

function peerOf(connection: Connection): i32 {
  return max(min(network.peer(connection.id, peer, 256), 256), 0)
}

function addStr(str: Str | null): void {
  if (str !== null) addBytes(bytesOf(str), str.len)
}

function addLastCommand(connection: Connection): void {
  if (connection.lastCommand == 0) {
    addText('NULL')
    return
  }
  addText(changetype<Command>(connection.lastCommand).name)
  if (connection != client()) return
  // The connection that asks runs a subcommand, in the form its name has in Redis.
  addText(equalsWord(arg(1), argLen(1), 'info') ? '|info' : '|list')
}

function setNameCommand(): void {
  if (has(3, 'setname') && setName(client(), 2)) ok()
}

/** Names a connection as an argument says; false after an error. */
export function setName(connection: Connection, at: i32): bool {
  if (!isPrintable(at)) {
    error('ERR Client names cannot contain spaces, newlines or special characters.')
    return false
  }
  connection.name = replaced(connection.name, at)
  return true
}

function isPrintable(at: i32): bool {
  const ptr = arg(at)
  for (let i = 0; i < argLen(at); i++) {
    if (<u32>load<u8>(ptr + i) - 33 > 126 - 33) return false
  }
  return true
}

/** A copy of an argument, or null if it is empty, in the place of what was there. */
function replaced(before: Str | null, at: i32): Str | null {
  if (before !== null) dropStr(before)
  return argLen(at) == 0 ? null : strFrom(arg(at), argLen(at))
}

function getName(): void {
  if (!has(2, 'getname')) return
  const name = client().name
  if (name === null) nil()
  else bulkStr(name)
}

/** From Redis 7.2; current client libraries send it when they connect. */
function setInfo(): void {
  if (!has(4, 'setinfo')) return
  const connection = client()
  if (!isPrintable(3)) error('ERR Client info values cannot contain spaces, newlines or special characters.')
  else if (equalsWord(arg(2), argLen(2), 'lib-name')) {
    connection.library = replaced(connection.library, 3)
    ok()
  } else if (equalsWord(arg(2), argLen(2), 'lib-ver')) {
    connection.libraryVersion = replaced(connection.libraryVersion, 3)
    ok()
  } else {
    beginError("ERR Unrecognized option '")
    errorBytes(arg(2), argLen(2), 1024)
    errorText("'")
    endError()
  }
}

/** Nothing is ever evicted; the wish is granted. */
function noEvict(): void {
  if (!has(3, 'no-evict')) return
  if (equalsWord(arg(2), argLen(2), 'on') || equalsWord(arg(2), argLen(2), 'off')) ok()
  else syntaxError()
}

function reply(): void {
  if (!has(3, 'reply')) return
  const connection = client()
  if (equalsWord(arg(2), argLen(2), 'on')) {
    mute(false)
    connection.replies = Replies.ON
    ok()
  } else if (equalsWord(arg(2), argLen(2), 'off')) connection.replies = Replies.OFF
  else if (equalsWord(arg(2), argLen(2), 'skip')) {
    if (connection.replies != Replies.OFF) connection.replies = Replies.SKIP_NEXT
  } else syntaxError()
}

/** CLIENT KILL address:port, or with filters ID, ADDR, SKIPME. */
function kill(): void {
  if (argc < 3) {
    wrongSubArity('client', 'kill')
    return
  }
  if (argc == 3) {
    if (killMatching(0, 2, false) > 0) ok()
    else error('ERR No such client')
    return
  }
  let idAt = 0
  let addressAt = 0
  let skipMe = true
  for (let i = 3; i <= argc; i += 2) {
    if (i == argc) {
      syntaxError()
      return
    }
    if (equalsWord(arg(i - 1), argLen(i - 1), 'id')) {
      if (!parseInteger(arg(i), argLen(i)) || parsed <= 0) {
        error('ERR client-id should be greater than 0')
        return
      }
      idAt = i
    } else if (equalsWord(arg(i - 1), argLen(i - 1), 'addr')) addressAt = i
    else if (equalsWord(arg(i - 1), argLen(i - 1), 'skipme') &&
      (equalsWord(arg(i), argLen(i), 'yes') || equalsWord(arg(i), argLen(i), 'no'))) skipMe = equalsWord(arg(i), argLen(i), 'yes')
    else {
      syntaxError()
      return
    }
  }
  integer(killMatching(idAt, addressAt, skipMe))
}

/** Closes the connections of this number and address (arguments; 0: any); returns how many. */
function killMatching(idAt: i32, addressAt: i32, skipMe: bool): i32 {
  let killed = 0
  let next = oldest
  while (next !== null) {
    const connection = next
    next = connection.after
    if (connection == client() && skipMe) continue
    if (idAt > 0 && !(parseInteger(arg(idAt), argLen(idAt)) && parsed == connection.number)) continue
    if (addressAt > 0 && !hasAddress(connection, addressAt)) continue
    killed++
    connection.closing = true
    // The connection being served closes when its turn ends.
    if (connection != client()) {
      connection.broken = true
      closeIfDone(connection)
    }
  }
  return killed
}

function hasAddress(connection: Connection, at: i32): bool {
  const len = peerOf(connection)
  if (len != argLen(at)) return false
  for (let i = 0; i < len; i++) {
    if (load<u8>(peer + i) != load<u8>(arg(at) + i)) return false
  }
  return true
}

function help(): void {
  array(10)
  status('CLIENT <subcommand> [<arg> ...]. Subcommands are:')
  status('ID | INFO: the number, or a description, of this connection.')
  status('LIST [ID <number> ...] [TYPE <type>]: a description of every connection.')
  status('SETNAME <name>: names this connection.')
  status('GETNAME: the name of this connection.')
  status('SETINFO (LIB-NAME|LIB-VER) <value>: notes the client library.')
  status('REPLY (ON|OFF|SKIP): whether commands are answered.')
  status('NO-EVICT (ON|OFF): accepted; nothing is evicted.')
  status('KILL <address:port> | [ID <number>] [ADDR <address:port>] [SKIPME (yes|no)]: closes connections.')
  status('HELP: this text.')
}
