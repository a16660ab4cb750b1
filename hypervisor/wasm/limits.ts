/** Cap on the entries of a table: `table.grow` past it fails, in every engine alike. V8's own is 10,000,000. */
export const TABLE_ENTRIES_MAX = 1_000_000
/** Operands of a function at once, in 8-byte slots: more would not fit the largest frame (`stack-budget.ts`). */
export const OPERAND_SLOTS_MAX = 10 * 1024
/** Blocks of a function one in another. Compilers make one for each case of a switch. */
export const NESTING_MAX = 50_000
