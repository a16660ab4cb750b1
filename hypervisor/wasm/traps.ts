/**
 * The texts of guest traps, one for each kind, equal in every engine: they are part of what both replicas must
 * agree on. The words are the specification's; where V8 does not tell two of its traps apart, one text stands for both.
 */
export const TRAP = {
  unreachable: 'unreachable',
  memory: 'out of bounds memory access',
  divideByZero: 'integer divide by zero',
  integerOverflow: 'integer overflow',
  floatToInteger: 'float not representable as integer',
  indirectCall: 'uninitialized element or indirect call type mismatch',
  table: 'out of bounds table access',
  stack: 'call stack exhausted',
} as const
