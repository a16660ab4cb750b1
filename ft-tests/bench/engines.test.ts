import test from 'ava'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { check } from '../../bench/engines/contender.ts'
import { kernelFigures, summary } from '../../bench/engines/figures.ts'
import { inProcess } from '../../bench/engines/in-process.ts'
import { enginesPlot } from '../../bench/engines/plot.ts'
import { enginesReport, enginesTable } from '../../bench/engines/report.ts'
import { measureKernel } from '../../bench/engines/rounds.ts'
import { kernels } from '../../bench/kernels/catalogue.ts'

const [kernel] = kernels()
const fib = kernels().find(({ name }) => name === 'fib')!

/** A contender that takes `ms` for everything and says `checksum`. */
const scripted = (name: string, ms: number, checksum: (size: number) => number) => inProcess({
  name, description: 'scripted', version: '1', span: 'large', start: async () => (size) => ({ ms, checksum: checksum(size) })
})
const right = (size: number): number => [kernel.large, kernel.small].find((work) => work.size === size)!.checksum

test('slowdowns are ratios within a round, against plain V8 at the same work', (t) => {
  const contenders = [scripted('a', 1, right), { ...scripted('b', 1, right), span: 'small' as const },
    { ...scripted('c', 1, right), span: 'difference' as const }]
  const figures = kernelFigures(kernel, contenders, {
    plain: [{ large: 10, small: 1 }, { large: 20, small: 2 }, { large: 40, small: 4 }],
    contenders: new Map([['a', [20, 30, 80]], ['b', [5, 10, 40]], ['c', [9]]]), failures: new Map([['d', 'no SIMD']])
  })
  t.deepEqual(figures.slowdowns, {
    a: { median: 2, low: 1.5, high: 2 }, b: { median: 5, low: 5, high: 10 }, c: { median: 1, low: 1, high: 1 }
  })
  t.deepEqual(figures.plainMs, { large: 20, small: 2 })
  t.deepEqual(figures.failures, { d: 'no SIMD' })
})

test('summaries are geometric means, by kind', (t) => {
  const figures = (kind: 'integer' | 'float', median: number) => ({
    kind, plainMs: { large: 1, small: 1 }, slowdowns: { v8: { median, low: median, high: median } }, failures: {}
  })
  const all = { x: figures('integer', 1), y: figures('integer', 4), z: figures('float', 2) }
  t.deepEqual(summary(all, 'v8'), { geomean: 2, worst: 4, worstKernel: 'y', kernels: 3 })
  t.deepEqual(summary(all, 'v8', 'float'), { geomean: 2, worst: 2, worstKernel: 'z', kernels: 1 })
  t.is(summary(all, 'other'), undefined)
})

test('a wrong checksum ends the benchmark if the engine is ours, and is noted of another', async (t) => {
  const wrong = scripted('wrong', 1, (size) => right(size) + 1)
  const { size, checksum } = kernel.large
  await t.throwsAsync(measureKernel(kernel, [wrong], 1, () => true), {
    message: `wrong computes ${kernel.name}(${size}) = ${checksum + 1}, expected ${checksum}`
  })
  const { plain, contenders, failures } = await measureKernel(kernel, [wrong, scripted('fine', 1, right)], 2, () => false)
  t.is(plain.length, 2)
  t.deepEqual([...contenders], [['fine', [1, 1]]])
  t.deepEqual([...failures.keys()], ['wrong'])
  t.notThrows(() => { check('any', kernel, kernel.small, kernel.small.checksum) })
})

test('the command prints what the issues ask for', async (t) => {
  const script = fileURLToPath(new URL('../../bench/engines.ts', import.meta.url))
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [script, ...args])
  const { stdout } = await run('--kernels', 'fib,dot', '--rounds', '1', '--quick', '--json')
  const report = JSON.parse(stdout)
  t.true(report.v8.geomean > 0.5 && report.v8.worst >= report.v8.geomean)
  t.true(report.v8.ticksDepth.integer.worst > 0 && report.v8.full.float.worst > 0)
  t.is(report.kernels.fib.slowdowns.v8.median, report.v8.full.integer.geomean)
  t.regex(enginesTable(report), /^geomean /m)
  // Above some size of the core's loop V8 takes a cheaper register allocator, and all is twenty times slower.
  for (const kernel of ['fib', 'dot']) t.true(report.kernels[kernel].slowdowns.interpreter.median < 80, kernel)
  const svg = enginesPlot(report)
  t.is(svg.match(/<title>fib, /g)?.length, Object.keys(report.about.contenders).length)
  await t.throwsAsync(run('--kernels', 'nil'), { message: /no kernel "nil" \(there are: sieve, / })
})

test('a report without figures has none', (t) => {
  const about = { node: '1', processor: 'p', rounds: 1, loadBefore: 0, contenders: { v8: { description: 'd', version: '1' } } }
  const figures = { kind: fib.kind, plainMs: { large: 1, small: 1 }, slowdowns: {}, failures: { v8: 'why' } }
  const report = enginesReport(about, { fib: figures })
  t.false('v8' in report)
  t.regex(enginesTable(report), /^v8 did not run fib: why$/m)
})
