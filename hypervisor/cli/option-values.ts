/** Parsers of option values; each says in one line what is wrong and what would be right. */
import { InvalidArgumentError } from 'commander'
import { checkVm } from '../../shared-disk/record.ts'
import { pageBytes } from '../machine/memory-copy.ts'
import type { Address } from '../host/switch/switch-port.ts'

/** `PORT` or `PORT:GUESTPORT`. */
export type PortOption = { readonly host: number; readonly guest: number | undefined }

export function parsePort(value: string): PortOption {
  const match = /^(\d+)(?::(\d+))?$/.exec(value)
  if (match === null) throw new InvalidArgumentError(`"${value}" is not PORT or PORT:GUESTPORT.`)
  return { host: portNumber(match[1]!, 0), guest: match[2] === undefined ? undefined : portNumber(match[2], 1) }
}

/** Several `--port` options add up. */
export function collectPort(value: string, before: readonly PortOption[] | undefined): readonly PortOption[] {
  return [...(before ?? []), parsePort(value)]
}

/** `HOST:PORT`, IPv6 in brackets. */
export function parseAddress(value: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(value)
  if (match === null) throw new InvalidArgumentError(`"${value}" is not HOST:PORT.`)
  return { host: (match[1] ?? match[2])!, port: portNumber(match[3]!, 0) }
}

/** The name of a virtual machine, as arbiters take it. */
export function parseVm(value: string): string {
  try {
    checkVm(value)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
  return value
}

/** A size in bytes such as `512MiB`, as whole 64 KiB pages; from one page to 4 GiB. */
export function parsePages(value: string): number {
  const match = /^(\d+)\s*(KiB|MiB|GiB)?$/i.exec(value)
  const unit = { kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }[(match?.[2] ?? '').toLowerCase()] ?? 1
  const bytes = match === null ? NaN : Number(match[1]) * unit
  if (!(bytes >= pageBytes && bytes <= 2 ** 32)) throw new InvalidArgumentError(`"${value}" is not a size from 64KiB to 4GiB.`)
  return Math.floor(bytes / pageBytes)
}

/** A parser of numbers from `min` to `max`. */
export function numberFrom(min: number, max: number): (value: string) => number {
  return (value) => numberIn(value, min, max) ?? wrong(value, `a number from ${min} to ${max}`)
}

/** A parser of whole numbers from `min` to `max`, or to the last one that a number can count to. */
export function wholeFrom(min: number, max: number = Number.MAX_SAFE_INTEGER): (value: string) => number {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
  return (value) => {
    const number = numberIn(value, min, max)
    return number !== undefined && Number.isInteger(number) ? number : wrong(value, `a whole number ${bounds}`)
  }
}

function numberIn(value: string, min: number, max: number): number | undefined {
  const number = Number(value)
  return value.trim() !== '' && number >= min && number <= max ? number : undefined
}

function wrong(value: string, what: string): never {
  throw new InvalidArgumentError(`"${value}" is not ${what}.`)
}

function portNumber(text: string, min: number): number {
  const port = Number(text)
  if (port < min || port > 65535) throw new InvalidArgumentError(`${text} is not a port (${min} to 65535).`)
  return port
}
