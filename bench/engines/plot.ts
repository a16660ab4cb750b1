/** A dot plot of slowdowns as SVG: a row a kernel, a mark a contender, logarithmic; it follows the reader's colour scheme. */
import type { EnginesReport } from './report.ts'

const ROW = 20
const LEFT = 104
const TOP = 72
const WIDTH = 860
const RIGHT = 24

/** Colours that stand out on light and on dark, and shapes for those who see no colours. */
const MARKS = [
  { colour: '#3b82d6', shape: (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="5"/>` },
  { colour: '#e0752d', shape: (x: number, y: number) => `<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9"/>` },
  { colour: '#2a9d6f', shape: (x: number, y: number) => `<path d="M${x} ${y - 6}l6 6-6 6-6-6z"/>` },
  { colour: '#b657c9', shape: (x: number, y: number) => `<path d="M${x} ${y - 6}l6 10.5h-12z"/>` },
  { colour: '#8a8f98', shape: (x: number, y: number) => `<path d="M${x} ${y + 6}l6-10.5h-12z"/>` },
] as const

const style = (text: string, back: string, grid: string, faint: string): string =>
  `text{fill:${text}}.back{fill:${back}}.grid{stroke:${grid}}.one{stroke:${faint}}.faint{fill:${faint}}`

const STYLE = `text{font:12px system-ui,sans-serif}${style('#24292f', '#fff', '#d0d7de', '#57606a')}
@media(prefers-color-scheme:dark){${style('#e6edf3', '#0d1117', '#30363d', '#8b949e')}}`

/** Throws if the report has more contenders than there are marks. */
export function enginesPlot({ about, kernels }: EnginesReport): string {
  const names = Object.keys(about.contenders)
  if (names.length > MARKS.length) throw new Error(`a plot of ${names.length} contenders, there are marks for ${MARKS.length}`)
  const rows = Object.entries(kernels)
  const values = rows.flatMap(([, { slowdowns }]) => Object.values(slowdowns).map(({ median }) => median))
  const scale = logScale(Math.min(0.9, ...values) * 0.95, Math.max(10, ...values) * 1.1)
  const height = TOP + rows.length * ROW + 40
  const bottom = TOP + rows.length * ROW
  const lines = ticks(scale.from, scale.to).map((value) => {
    const x = scale.at(value)
    return `<line class="${value === 1 ? 'one' : 'grid'}" x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${bottom}"/>` +
      `<text class="faint" x="${x}" y="${bottom + 16}" text-anchor="middle">${value}×</text>`
  })
  const marks = rows.flatMap(([kernel, { slowdowns }], row) => {
    const y = TOP + row * ROW + ROW / 2
    const label = `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escaped(kernel)}</text>`
    return [label, ...names.flatMap((name, at) => {
      const slowdown = slowdowns[name]
      return slowdown === undefined ? [] : [mark(at, scale.at(slowdown.median), y, `${kernel}, ${name}: ${slowdown.median}×`)]
    })]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ` +
      'aria-label="Slowdowns of kernels against plain V8, by engine">',
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    `<text x="${LEFT}" y="20" font-weight="600">Slowdown against plain V8 (1× is the untouched module; logarithmic)</text>`,
    ...legend(names), ...lines, ...marks,
    `<text class="faint" x="${WIDTH - RIGHT}" y="${height - 8}" text-anchor="end">Node ${escaped(about.node)}, ` +
      `${escaped(about.processor)}, medians of ${about.rounds} interleaved rounds</text>`,
    '</svg>', '',
  ].join('\n')
}

function legend(names: readonly string[]): string[] {
  return names.map((name, at) => {
    const x = LEFT + 6 + at * 150
    return `${mark(at, x, 42, name)}<text x="${x + 12}" y="46">${escaped(name)}</text>`
  })
}

function mark(at: number, x: number, y: number, title: string): string {
  const { colour, shape } = MARKS[at]
  return `<g fill="${colour}">${shape(x, y)}<title>${escaped(title)}</title></g>`
}

interface Scale { readonly from: number, readonly to: number, at(value: number): number }

function logScale(from: number, to: number): Scale {
  const span = Math.log(to / from)
  return { from, to, at: (value) => Math.round((LEFT + Math.log(value / from) / span * (WIDTH - LEFT - RIGHT)) * 10) / 10 }
}

/** 1, 2 and 5 times powers of ten between two values; only powers of ten where there would be many. */
function ticks(from: number, to: number): number[] {
  const factors = to / from > 100 ? [1, 3] : [1, 2, 5]
  const powers = Array.from({ length: 8 }, (_, i) => 10 ** (i - 2))
  return powers.flatMap((power) => factors.map((factor) => factor * power)).filter((value) => value >= from && value <= to)
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
