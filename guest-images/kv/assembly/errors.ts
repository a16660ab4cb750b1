/** The errors that more than one command gives, and look-ups that give them. */
import { arg, argLen } from './arguments'
import { lookup } from './database'
import { NO_NODE, Node } from './dict'
import { parseInteger } from './numbers'
import { beginError, endError, error, errorBytes, errorText } from './reply'
import { STAT } from './stats'

export function wrongArity(command: string): void {
  beginError("ERR wrong number of arguments for '")
  errorText(command)
  errorText("' command")
  endError()
}

/** Wrong arity of a subcommand, e.g. `client|setname`. */
export function wrongSubArity(command: string, subcommand: string): void {
  beginError("ERR wrong number of arguments for '")
  errorText(command)
  errorText('|')
  errorText(subcommand)
  errorText("' command")
  endError()
}

/** An unknown subcommand, which is argument 1. */
export function unknownSubcommand(commandInCapitals: string): void {
  beginError("ERR unknown subcommand '")
  errorBytes(arg(1), argLen(1), 128)
  errorText("'. Try ")
  errorText(commandInCapitals)
  errorText(' HELP.')
  endError()
}

export function wrongType(): void {
  error('WRONGTYPE Operation against a key holding the wrong kind of value')
}

/** Redis's words when its limit is reached; here the limit is the machine's memory. */
export function outOfMemory(): void {
  error("OOM command not allowed when used memory > 'maxmemory'.")
}

export function notInteger(): void {
  error('ERR value is not an integer or out of range')
}

export function syntaxError(): void {
  error('ERR syntax error')
}

export function invalidExpire(command: string): void {
  beginError("ERR invalid expire time in '")
  errorText(command)
  errorText("' command")
  endError()
}

/** Reads an argument as a 64-bit integer into `parsed`; false after an error. */
export function integerArg(at: i32): bool {
  if (parseInteger(arg(at), argLen(at))) return true
  notInteger()
  return false
}

/** The node of the key in an argument. */
// @ts-ignore: decorator
@inline
export function lookupArg(at: i32): Node {
  return lookup(arg(at), argLen(at))
}

/** The same for a command that only reads: counts a hit or a miss. */
// @ts-ignore: decorator
@inline
export function readArg(at: i32): Node {
  const node = lookup(arg(at), argLen(at))
  if (node == NO_NODE) STAT.misses++
  else STAT.hits++
  return node
}

/** Whether the key exists and holds another type: then the error has been given. */
// @ts-ignore: decorator
@inline
export function isWrongType(node: Node, type: u8): bool {
  if (node == NO_NODE || node.type == type) return false
  wrongType()
  return true
}
