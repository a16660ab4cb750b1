/** Draws the figures of `bench:engines --output FILE.json`. `node bench/engines-plot.ts FILE.json FILE.svg` */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { enginesPlot } from './engines/plot.ts'
import type { EnginesReport } from './engines/report.ts'

const { positionals } = parseArgs({ allowPositionals: true })
if (positionals.length !== 2) {
  process.stderr.write('usage: engines-plot.ts FILE.json FILE.svg\n')
  process.exitCode = 2
} else {
  try {
    writeFileSync(positionals[1], enginesPlot(JSON.parse(readFileSync(positionals[0], 'utf8')) as EnginesReport))
  } catch (error) {
    process.stderr.write(`engines-plot: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
