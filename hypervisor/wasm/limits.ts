/** Cap on the entries of a table: `table.grow` past it fails, in every engine alike. V8's own is 10,000,000. */
export const TABLE_ENTRIES_MAX = 1_000_000
