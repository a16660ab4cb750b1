/**
 * V8 flags that give suspendable stacks 3,900 KiB instead of 984: headroom for optimised frames that are larger
 * than `stack-budget.ts` counts. The smaller of the two flags decides. A host sets them with
 * `v8.setFlagsFromString` before it makes an engine; the limit of the JavaScript stack, fixed at start-up, stays as it
 * is. Without them ordinary guests are safe all the same, and a guest that outgrows V8's stack halts its replica.
 */
export const V8_STACK_FLAGS = ['--wasm-stack-switching-stack-size=3900', '--stack-size=3900'] as const
