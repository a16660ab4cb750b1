/** `npm run fuzz:decoder`: the fuzzer of the decoder and validator from the command line. */
import { commandLine } from '../../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../../hypervisor/cli/option-values.ts'
import { realModules } from '../corpus.ts'
import { Campaign } from './campaign.ts'

interface Flags {
  readonly executions: number | undefined
  readonly seconds: number | undefined
  readonly seed: number
  readonly json: boolean
}

const EXECUTIONS = 100_000
const TELL_MS = 5000

const { executions, seconds, seed, json } = commandLine('npm run fuzz:decoder --')
  .description('Damages guests and modules of the specification\'s suite; our decoder and validator judge them, measured by V8.')
  .option('--executions <n>', `damaged modules (default: ${EXECUTIONS}, or as many as --seconds allow)`, wholeFrom(0))
  .option('--seconds <n>', 'how long', wholeFrom(0))
  .option('--seed <n>', 'seed of the first; each has the next', wholeFrom(0), 1)
  .option('--json', 'print the report as one line of JSON', false)
  .addHelpText('after', '\nExit code 1 if one crashes, hangs, or is judged otherwise than by V8 without our saying why.')
  .parse().opts<Flags>()

const campaign = new Campaign(realModules(), seed)
const { report } = campaign
const most = executions ?? (seconds === undefined ? EXECUTIONS : Infinity)
const began = performance.now()
const until = began + 1000 * (seconds ?? Infinity)
let told = began
while (report.executions < most && performance.now() < until) {
  campaign.step()
  if (performance.now() - told < TELL_MS) continue
  told = performance.now()
  const { executions: done, kinds } = report
  process.stderr.write(`fuzz:decoder: ${done} executions, ${kinds} kinds of refusal, ${campaign.findings.length} findings\n`)
}
const took = (performance.now() - began) / 1000
const summary = {
  ...report, slowestMs: Math.round(report.slowestMs), seconds: Math.round(took), perSecond: Math.round(report.executions / took),
}
process.stdout.write(`${JSON.stringify(summary, null, json ? undefined : 2)}\n`)
process.exitCode = campaign.findings.length === 0 ? 0 : 1
