/** `npm run fuzz:engines -- --seeds 5000 [--from SEED] [--engines NAMES] [--plant BUG] [--tiers] [--json]`: see `--help`. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { V8_STACK_FLAGS } from '../../hypervisor/v8/stack-flags.ts'
import { Campaign } from './campaign.ts'
import type { SeedResult } from './campaign.ts'
import { ENGINES } from './engine-kinds.ts'
import { writeFinding } from './finding.ts'
import { parseOptions } from './options.ts'
import type { Options } from './options.ts'
import { huntPlants } from './plant-hunt.ts'
import { textOf } from './report-text.ts'
import { runTiers } from './tiers.ts'
import { KeptModules, TranslateToFuzz } from './wasm-opt.ts'

const PROGRESS_MS = 2000
const FINDINGS_MAX = 5
const COLLECT_EVERY = 50

const options = parseOptions(process.argv.slice(2), join(tmpdir(), 'ft-fuzz-findings'))
for (const flag of [...V8_STACK_FLAGS, '--expose-gc']) setFlagsFromString(flag)
const collectGarbage = runInNewContext('gc') as () => void
const startedMs = performance.now()
const command = options.plant !== undefined ? huntPlants : options.tiers ? runTiers : campaign
const { passed, report } = await command(options)
const secondsTotal = Number(((performance.now() - startedMs) / 1000).toFixed(1))
const all = { ...report, secondsTotal }
process.stdout.write(options.json ? `${JSON.stringify(all)}\n` : textOf(all, passed))
process.exitCode = passed ? 0 : 1

async function campaign({ seeds, from, engines, keep, simd, ...rest }: Options): Promise<{ passed: boolean, report: object }> {
  const translator = keep === undefined ? new TranslateToFuzz() : new KeptModules(keep)
  const running = new Campaign(engines.map(name => ENGINES[name]), translator, simd)
  let toldMs = performance.now()
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await running.run(seed)
    if (result.mismatch !== undefined) await tell(running, result, rest)
    // Each memory takes 8 GiB of addresses until it is collected, which V8 is in no hurry to do.
    if (seed % COLLECT_EVERY === 0) collectGarbage()
    if (performance.now() - toldMs < PROGRESS_MS) continue
    toldMs = performance.now()
    process.stderr.write(`fuzz: ${seed + 1 - from} of ${seeds} seeds, ${running.mismatches.length} mismatches\n`)
  }
  translator.close()
  return { passed: running.mismatches.length === 0, report: { ...running.report(), engines } }
}

async function tell(
  running: Campaign, { fuzzCase, mismatch }: SeedResult, { out, reduceSeconds }: Pick<Options, 'out' | 'reduceSeconds'>,
): Promise<void> {
  if (mismatch === undefined) return
  const { comparison, difference: { at, expected, found } } = mismatch
  process.stderr.write(`fuzz: seed ${fuzzCase.seed} (${fuzzCase.source}): ${comparison}; line ${at}\n`)
  process.stderr.write(`  expected ${expected}\n  found    ${found}\n`)
  if (reduceSeconds === 0 || running.mismatches.length > FINDINGS_MAX) return
  const folder = await writeFinding(fuzzCase, mismatch, running.field, out, reduceSeconds * 1000)
  process.stderr.write(`fuzz: minimised module in ${folder}\n`)
}
