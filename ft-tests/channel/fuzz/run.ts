/** `npm run fuzz:links`: the link fuzzer from the command line. */
import { commandLine } from '../../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../../hypervisor/cli/option-values.ts'
import { attack, type TargetCount } from './campaign.ts'
import { targets } from './targets.ts'

const BATCH = 20_000

const command = commandLine('npm run fuzz:links --')
  .description('throws damaged streams at every decoder of bytes that come over a link; exit code 1 if one crashes')
  .option('--executions <n>', 'damaged streams for each decoder', wholeFrom(0), 100_000)
  .option('--from <seed>', 'first seed', wholeFrom(0), 1)
  .option('--json', 'one JSON object on standard output', false)
  .parse()
const { executions, from, json } = command.opts<{ executions: number; from: number; json: boolean }>()

const startedMs = performance.now()
const counts = targets.map((target) => {
  const total: TargetCount = { name: target.name, executions: 0, accepted: 0, messages: 0, refusals: {}, crashes: [] }
  for (let done = 0; done < executions; done += BATCH) {
    add(total, attack(target, from + done, Math.min(BATCH, executions - done)))
    process.stderr.write(`${target.name}: ${total.executions} of ${executions}, ${total.crashes.length} crashes\n`)
  }
  return total
})
const crashes = counts.flatMap(({ name, crashes: found }) => found.map((crash) => ({ target: name, ...crash })))
const summary = {
  executions: executions * targets.length, crashes: crashes.length, seconds: Math.round((performance.now() - startedMs) / 1000),
  memoryMiB: Math.round(process.resourceUsage().maxRSS / 1024), targets: counts
}
console.log(json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2))
process.exitCode = crashes.length > 0 ? 1 : 0

function add(total: TargetCount, part: TargetCount): void {
  total.executions += part.executions
  total.accepted += part.accepted
  total.messages += part.messages
  for (const [fault, n] of Object.entries(part.refusals)) total.refusals[fault] = (total.refusals[fault] ?? 0) + n
  total.crashes.push(...part.crashes)
}
