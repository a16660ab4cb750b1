/** A list of more items is told by their number. */
const NAMED_MAX = 5

/** A report for people: a line a figure, and the verdict last. */
export function textOf(report: Readonly<Record<string, unknown>>, passed: boolean): string {
  const width = Math.max(...Object.keys(report).map((name) => name.length))
  const lines = Object.entries(report).map(([name, value]) => `${name.padEnd(width)}  ${describe(value)}`)
  return `${lines.join('\n')}\n${passed ? 'PASSED' : 'FAILED'} (--json tells everything)\n`
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return value.length <= NAMED_MAX ? value.map(describe).join(', ') : `${value.length}`
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value).map(([name, item]) => `${name} ${describe(item)}`).join(', ')
}
