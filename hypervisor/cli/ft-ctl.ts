/** The `ft-ctl` command line: looks at a running `ft-run` of this machine, and tells it what to do. */
import { Option } from 'commander'
import { commandLine, WRONG_USE } from './command-line.ts'
import type { ControlAnswer, ControlCommand } from '../host/control.ts'
import { askControl, runningPids } from '../host/control-socket.ts'
import { UsageError } from '../host/usage-error.ts'
import { wholeFrom } from './option-values.ts'
import { packageVersion } from './package-version.ts'
import { statusText } from './status-text.ts'

type Flags = { readonly pid?: number; readonly json: boolean }

const FAILED = 1
/** Who waits so long for an answer is told for whose. */
const slowMs = 5000

const examples = `
Examples:
  ft-ctl status            who is primary, who is backup, how far behind
  ft-ctl failover          the backup takes over, the primary ends, a new backup is started
  ft-ctl --pid 4711 stop   where several ft-run are running

Exit codes: 0 done, 1 refused or failed, 2 wrong arguments or no ft-run is running.`

const descriptions: Readonly<Record<ControlCommand, string>> = {
  status: 'who is primary, who is backup, how far it is behind',
  failover: 'planned failover: the primary hands over to its backup',
  'add-backup': 'start a backup where there is none (of a service started with --unprotected, too)',
  'move-backup': 'start another backup; the old one protects until the new one does, then ends',
  stop: 'power the machine off and end everything'
}

const program = commandLine('ft-ctl')
  .description('Controls an ft-run that is running on this machine.')
  .version(packageVersion())
  .addOption(new Option('--pid <pid>', 'process id of the ft-run, where several are running').argParser(wholeFrom(1, 2 ** 31)))
  .option('--json', 'print the answer as one line of JSON', false)
  .addHelpText('after', examples)

for (const [command, description] of Object.entries(descriptions) as [ControlCommand, string][]) {
  program.command(command).description(description).action(() => run(command, program.opts<Flags>()))
}

async function run(command: ControlCommand, flags: Flags): Promise<void> {
  try {
    const pid = flags.pid ?? thePid()
    const slow = setTimeout(() => process.stderr.write(`ft-ctl: still waiting for the answer of ft-run, process ${pid}\n`), slowMs)
    const answer = await askControl(pid, command).finally(() => clearTimeout(slow))
    process.exitCode = answer.ok ? 0 : FAILED
    if (flags.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
    else if (answer.ok) process.stdout.write(`${textOf(command, answer)}\n`)
    else process.stderr.write(`ft-ctl: ${answer.error}\n`)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`ft-ctl: ${error.message}\n`)
    process.exitCode = WRONG_USE
  }
}

function thePid(): number {
  const pids = runningPids()
  if (pids.length === 0) throw new UsageError('no ft-run of yours is running on this machine')
  if (pids.length > 1) throw new UsageError(`several ft-run are running (${pids.join(', ')}); choose one with --pid`)
  return pids[0]!
}

function textOf(command: ControlCommand, answer: Extract<ControlAnswer, { ok: true }>): string {
  const { tookMs } = answer
  switch (command) {
    case 'status': return statusText(answer)
    case 'failover':
      return `process ${pidOf(answer['primary'])} is live in term ${answer['term']}, after ${tookMs} ms; a new backup is started`
    case 'stop': return 'stopping'
    default: return `protected by process ${pidOf(answer['backup'])}, after ${tookMs} ms`
  }
}

function pidOf(side: unknown): number | undefined {
  return (side as { pid?: number } | undefined)?.pid
}

await program.parseAsync()
