import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CampaignReport } from './campaign.ts'
import { caseOf } from './guests.ts'
import type { Options } from './options.ts'
import { KeptModules } from './wasm-opt.ts'

/** How V8 compiles Wasm, by the flags that force it. `tiering` changes compilers early, in the middle of loops. */
export const TIERS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  baseline: ['--liftoff-only'],
  optimising: ['--no-liftoff'],
  tiering: ['--wasm-tiering-budget=500'],
}

const run = fileURLToPath(new URL('./run.ts', import.meta.url))

/** Runs the same seeds in a process for each tier. All must be without mismatch, and show the same. */
export async function runTiers(options: Options): Promise<{ passed: boolean, report: object }> {
  const folder = mkdtempSync(join(tmpdir(), 'ft-fuzz-modules-'))
  try {
    await makeModules(options, folder)
    const names = Object.keys(TIERS)
    const reports = await Promise.all(names.map(name => inTier(name, options, folder)))
    const mismatches = reports.reduce((sum, report) => sum + report.mismatches, 0)
    const equal = new Set(reports.map(({ digest }) => digest)).size === 1
    const tiers = Object.fromEntries(names.map((name, i) => [name, summary(reports[i])]))
    const { modules, opcodes, runs, ticks } = reports[0]
    const { seeds, engines } = options
    const report = { seeds, mismatches, tiersEqual: equal, modules, runs, ticks, opcodes, tiers, engines }
    return { passed: mismatches === 0 && equal, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const summary = ({ mismatches, runs, ticks, digest }: CampaignReport): object => ({ mismatches, runs, ticks, digest })

/** Binaryen's modules are made here, where its own code runs at full speed. */
async function makeModules({ seeds, from, simd }: Options, folder: string): Promise<void> {
  const kept = new KeptModules(folder)
  for (let seed = from; seed < from + seeds; seed++) if (seed % 2 === 1) await caseOf(seed, kept, simd)
  kept.close()
}

async function inTier(tier: string, options: Options, keep: string): Promise<CampaignReport> {
  const { seeds, from, engines, out, reduceSeconds, simd } = options
  const args = ['--seeds', seeds, '--from', from, '--engines', engines.join(','), '--reduce-seconds', reduceSeconds, '--json',
    '--out', join(out, tier), '--keep', keep, ...(simd ? [] : ['--no-simd'])]
  const child = spawn(process.execPath, [...TIERS[tier], run, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (part: Buffer) => { text += part.toString() })
  child.stderr.on('data', (part: Buffer) => { process.stderr.write(part.toString().replace(/^fuzz:/gm, `fuzz (${tier}):`)) })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  if (code !== 0 && code !== 1) throw new Error(`the process of tier ${tier} ended with ${code}`)
  return JSON.parse(text) as CampaignReport
}
