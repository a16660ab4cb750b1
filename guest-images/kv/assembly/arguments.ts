/**
 * The request being parsed or executed: its arguments, where they were received. An item is 12 bytes: offset from
 * `base`, length, and the Str that holds it alone if the argument was big.
 */
import { allocate, release, resize } from '../../lib/heap'
import { Str, bytesOf, dropStr, strFrom } from './str'

const ITEM_BYTES = 12
const CAP_MIN = 32
/** Above this the array is not kept from one request to the next. */
const CAP_KEPT = 1024

/** Start of the request's bytes. */
export let base: usize = 0
/** How many arguments there are, the command's name included. */
export let argc = 0
let items: usize = 0
let cap = 0
let bigOnes = 0

/** A request begins at this address. */
// @ts-ignore: decorator
@inline
export function beginRequest(at: usize): void {
  base = at
}

export function addArgument(ptr: usize, len: i32): void {
  if (argc == cap) {
    cap = max(CAP_MIN, cap << 1)
    items = resize(items, cap * ITEM_BYTES)
  }
  const item = items + argc++ * ITEM_BYTES
  store<usize>(item, ptr - base)
  store<i32>(item, len, 4)
  store<usize>(item, 0, 8)
}

/** Adds an argument that has a Str of its own; the hold on it passes to the request. */
export function addBigArgument(str: Str): void {
  addArgument(base, str.len)
  store<Str>(items + (argc - 1) * ITEM_BYTES, str, 8)
  bigOnes++
}

/** The request is complete: big arguments, which did not move with the others, get their offsets. */
// @ts-ignore: decorator
@inline
export function settleArguments(): void {
  if (bigOnes > 0) settleBig()
}

function settleBig(): void {
  for (let item = items; item < items + argc * ITEM_BYTES; item += ITEM_BYTES) {
    const str = load<Str>(item, 8)
    if (changetype<usize>(str) != 0) store<usize>(item, bytesOf(str) - base)
  }
}

/** The bytes of an argument. */
// @ts-ignore: decorator
@inline
export function arg(at: i32): usize {
  return base + load<usize>(items + at * ITEM_BYTES)
}

/** The length of an argument in bytes. */
// @ts-ignore: decorator
@inline
export function argLen(at: i32): i32 {
  return load<i32>(items + at * ITEM_BYTES, 4)
}

/** The Str of a big argument, or 0; still the request's. */
export function argStr(at: i32): usize {
  return load<usize>(items + at * ITEM_BYTES, 8)
}

/** An argument as a string of the caller's own: a copy, or, for a big one, the Str itself. Take it once. */
export function takeArg(at: i32): Str {
  const big = argStr(at)
  if (big == 0) return strFrom(arg(at), argLen(at))
  store<usize>(items + at * ITEM_BYTES, 0, 8)
  bigOnes--
  return changetype<Str>(big)
}

/** The request is done with. */
// @ts-ignore: decorator
@inline
export function clearArguments(): void {
  if (bigOnes > 0) dropBig()
  argc = 0
  if (cap > CAP_KEPT) forgetItems()
}

function dropBig(): void {
  for (let i = 0; bigOnes > 0; i++) {
    const big = argStr(i)
    if (big == 0) continue
    dropStr(changetype<Str>(big))
    bigOnes--
  }
}

function forgetItems(): void {
  release(items)
  items = 0
  cap = 0
}

/** Arguments of a request that is not complete, put away with its connection. */
@unmanaged
export class PartialRequest {
  items: usize
  cap: i32
  argc: i32
  bigOnes: i32
}

/** Puts the arguments away; the next request starts with none. */
export function putAway(): PartialRequest {
  const partial = changetype<PartialRequest>(allocate(offsetof<PartialRequest>()))
  partial.items = items
  partial.cap = cap
  partial.argc = argc
  partial.bigOnes = bigOnes
  items = 0
  cap = 0
  argc = 0
  bigOnes = 0
  return partial
}

/** Takes arguments that were put away up again. */
export function takeUp(partial: PartialRequest): void {
  release(items)
  items = partial.items
  cap = partial.cap
  argc = partial.argc
  bigOnes = partial.bigOnes
  release(changetype<usize>(partial))
}
