/** From a request to its command. */
import { equalsWord } from '../../lib/text'
import { arg, argLen, argc } from './arguments'
import { Command, commandNamed } from './command'
import { Connection, Replies } from './connection'
import { wrongArity } from './errors'
import { mute } from './output'
import { beginError, endError, errorBytes, errorText } from './reply'
import { STAT } from './stats'

/** Bytes of an unknown command's name, and of its arguments, that the error repeats. */
const PREVIEW_MAX = 128

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
  STAT.commands++
  running = command
  connection.lastCommand = changetype<usize>(command)
  call_indirect<void>(command.handler)
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
