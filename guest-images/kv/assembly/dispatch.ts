/** From a request to its command. */
import { heap } from '../../lib'
import { equalsWord } from '../../lib/text'
import { arg, argLen, argc, base } from './arguments'
import { Command, Flag, commandNamed } from './command'
import { Connection, Replies } from './connection'
import { outOfMemory, wrongArity } from './errors'
import { mute } from './output'
import { beginError, endError, errorBytes, errorText } from './reply'
import { STAT } from './stats'
import { pos } from './window'

/** Bytes of an unknown command's name, and of its arguments, that the error repeats. */
const PREVIEW_MAX = 128

/** Requests of fewer bytes are covered by the heap's reserve. */
const REQUEST_CHECKED: usize = 262144

let running: Command = changetype<Command>(0)

/** The command being executed. */
export function runningCommand(): Command {
  return running
}

/** Executes the request. */
export function execute(connection: Connection): void {
  if (connection.replies == Replies.ON) dispatch(connection)
  else {
    mute(true)
    dispatch(connection)
    mute(false)
    if (connection.replies == Replies.SKIP) connection.replies = Replies.ON
  }
  if (connection.replies == Replies.SKIP_NEXT) connection.replies = Replies.SKIP
}

function dispatch(connection: Connection): void {
  const command = commandNamed(arg(0), argLen(0))
  if (command === null) {
    refuse(connection)
    return
  }
  const arity = command.arity
  if (arity > 0 ? argc != arity : argc < -arity) {
    wrongArity(command.name)
    return
  }
  if ((command.flags & Flag.DENYOOM) != 0 && !hasMemory()) {
    outOfMemory()
    return
  }
  STAT.commands++
  running = command
  connection.lastCommand = changetype<usize>(command)
  call_indirect<void>(command.handler)
}

/** Whether there is memory for what the request brings. */
function hasMemory(): bool {
  const bytes = pos - base
  return !heap.isLow() && (bytes < REQUEST_CHECKED || heap.hasRoom(bytes * 2))
}

function refuse(connection: Connection): void {
  if (equalsWord(arg(0), argLen(0), 'post') || equalsWord(arg(0), argLen(0), 'host:')) {
    // Somebody makes a browser send us an HTTP request: none of its lines shall be executed.
    connection.closing = true
    return
  }
  beginError("ERR unknown command '")
  errorBytes(arg(0), argLen(0), PREVIEW_MAX)
  errorText("', with args beginning with: ")
  let shown = 0
  for (let i = 1; i < argc && shown < PREVIEW_MAX; i++) {
    errorText("'")
    shown += errorBytes(arg(i), argLen(i), PREVIEW_MAX - shown) + 3
    errorText("' ")
  }
  endError()
}
