/** What it takes to make modules ready for the V8 engine: `npm run bench:rewrite -- FILE…` */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'
import { commandLine } from '../hypervisor/cli/command-line.ts'
import { measurePreparation, type PreparationReport } from '../hypervisor/v8/measure.ts'

type Flags = { readonly json: boolean }
type Row = PreparationReport & { readonly file: string }

commandLine('npm run bench:rewrite --')
  .description('Decodes, validates, rewrites and compiles WebAssembly modules, which need not be guests, and says how long that takes.')
  .argument('<files...>', 'modules')
  .option('--json', 'print one line of JSON for each module', false)
  .action(main)
  .parse()

function main(files: string[], { json }: Flags): void {
  for (const path of files) {
    try {
      const row = { file: basename(path), ...measurePreparation(new Uint8Array(readFileSync(path)), () => performance.now()) }
      process.stdout.write(json ? `${JSON.stringify(row)}\n` : text(row))
    } catch (error) {
      process.stderr.write(`bench:rewrite: ${path}: ${(error as Error).message}\n`)
      process.exitCode = 1
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function ms(time: number): string {
  return `${time.toFixed(0)} ms`
}

function text(row: Row): string {
  const ratio = (row.rewrittenCodeBytes / row.codeBytes).toFixed(2)
  return `${row.file}: ${megabytes(row.bytes)}, ${row.functions} functions
  code ${megabytes(row.codeBytes)} -> ${megabytes(row.rewrittenCodeBytes)} (x ${ratio})
  decode ${ms(row.decodeMs)}, validate ${ms(row.validateMs)}, rewrite ${ms(row.rewriteMs)}
  V8: ${ms(row.compileMs)}, of the module as it was ${ms(row.compilePlainMs)}
`
}
