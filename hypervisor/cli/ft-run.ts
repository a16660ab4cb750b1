/** The `ft-run` command line. Parsing only: each command is a file of its own, and loads only what it needs. */
import { type Command, Option } from 'commander'
import { builtinGuests } from '../../guest-images/catalogue.ts'
import { ExitCode } from '../ft/exit-codes.ts'
import type { FromReplica } from '../host/supervisor-messages.ts'
import { StartError } from '../host/usage-error.ts'
import { EngineHalt } from '../machine/engine.ts'
import { commandLine } from './command-line.ts'
import { loadEagerly } from './eager-code.ts'
import { addEngine, addPairEngines } from './engine-options.ts'
import { collectPort, parseAddress, parseVm } from './option-values.ts'
import { packageVersion } from './package-version.ts'
import { recordsOption } from './records.ts'
import type { RunFlags } from './run-pair.ts'
import type { ReplicaFlags } from './run-replica.ts'
import type { SwitchFlags } from './run-switch.ts'
import { addSecurity } from './security.ts'
import { addTuning } from './tuning.ts'

const images = builtinGuests().map((guest) => `  ${guest.name.padEnd(8)}${guest.description}`).join('\n')

const examples = `
Built-in images:
${images}

Examples:
  ft-run kv                         a key/value server as a pair, at 127.0.0.1:7000
  redis-cli -p 7000 set k v         ...any Redis client talks to it
  ft-run --port 8080:80 app.wasm    a guest of your own that listens on its port 80
  ft-run --json kv                  one JSON line when ready, then JSON logs
  kill -9 PID                       of either replica: the other goes on. A milder signal to a replica changes nothing, since
                                    ft-run decides when its machine ends: signal ft-run, or see ft-ctl --help

On several hosts (same image, same --vm, same key, a shared directory as arbiter):
  ft-run key shop.key               once; copy it to every host by a safe way
  ft-run switch  --vm shop --key shop.key --link 10.0.0.1:7100 --bind 10.0.0.1 --port 7000:6379
  ft-run primary --vm shop --key shop.key --switch 10.0.0.1:7100 --arbiter /mnt/shared --listen 10.0.0.2:7200 kv
  ft-run backup  --vm shop --key shop.key --switch 10.0.0.1:7100 --arbiter /mnt/shared --primary 10.0.0.2:7200 --listen 10.0.0.3:7200 kv
After a failover start a new backup whose --primary is where the live one listens. SIGTERM to the live replica powers the
machine off, to a backup it ends that backup alone; to take the live one's host out of service, SIGKILL its replica.

Exit codes: 0 stopped, 2 wrong arguments or image, 3 lost the test-and-set (another replica is live),
  4 divergence, 5 the guest trapped, 6 refused by a peer or the switch, 7 this host failed,
  8 lost the primary before the backup was complete (the service is lost); else the guest's own.`

const program = commandLine('ft-run')
  .description('Runs a WebAssembly service as a fault-tolerant pair: either machine may die at any instruction and no client notices.')
  .version(packageVersion())
  .enablePositionalOptions()

const netHelp = 'switch: connections outlive a failover; direct: the live replica listens itself, fewer hops, a failover breaks connections'
const net = (): Option => new Option('--net <mode>', netHelp)
  .choices(['switch', 'direct']).default('switch')
const port = (): Option =>
  new Option('--port <port[:guestPort]>', 'port for clients, and the guest port behind it; may be repeated').argParser(collectPort)
const bind = (): Option => new Option('--bind <address>', 'address that clients connect to').default('127.0.0.1')
const json = (): Option => new Option('--json', 'log JSON lines, on a terminal too').default(false)

const run = addTuning(addPairEngines(program.command('run', { isDefault: true })))
  .description('start switch, primary, backup and arbiter on this machine')
  .argument('<image>', 'built-in name or path of a .wasm file')
  .argument('[args...]', 'arguments of the guest (after -- if they start with a dash)')
  .addOption(port())
  .addOption(bind())
  .addOption(net())
  .option('--unprotected', 'no backup: for comparison only', false)
  .addOption(recordsOption())
  .addOption(json())
  .action(async (image: string, args: string[], flags: RunFlags) =>
    finish(import('./run-pair.ts').then(({ runPair }) => runPair(image, args, flags))))

const replica = (role: 'primary' | 'backup'): Command => addSecurity(addTuning(addEngine(program.command(role))))
  .argument('<image>', 'built-in name or path of a .wasm file, the same for both replicas')
  .argument('[args...]', 'arguments of the guest, the same for both replicas')
  .requiredOption('--vm <name>', 'name of the virtual machine, the same everywhere', parseVm)
  .requiredOption('--arbiter <directory>', 'existing directory on storage that both replicas share')
  .addOption(new Option('--switch <host:port>', 'link address of the switch').argParser(parseAddress))
  .addOption(net())
  .addOption(port())
  .addOption(bind())
  .addOption(recordsOption())
  .addOption(json())
  .action(async (image: string, args: string[], flags: ReplicaFlags) =>
    finish(loadEagerly(() => import('./run-replica.ts')).then(({ runReplica }) => runReplica(role, image, args, flags))))

replica('primary')
  .description('one replica: starts as primary and waits for its backup')
  .addOption(new Option('--listen <host:port>', 'where the backup connects').argParser(parseAddress)
    .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1, any port'))
  .option('--unprotected', 'do not wait for a backup', false)

replica('backup')
  .description('one replica: starts as backup of a primary')
  .addOption(new Option('--primary <host:port>', 'where the primary listens').argParser(parseAddress).makeOptionMandatory())
  .addOption(new Option('--listen <host:port>', 'where a new backup connects, once this one is live').argParser(parseAddress)
    .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1, any port'))

addSecurity(program.command('switch'))
  .description('the network switch: holds client connections across a failover')
  .requiredOption('--vm <name>', 'name of the virtual machine', parseVm)
  .addOption(new Option('--link <host:port>', 'where the replicas connect').argParser(parseAddress).makeOptionMandatory())
  .addOption(port().makeOptionMandatory())
  .addOption(bind())
  .addOption(json())
  .action(async (flags: SwitchFlags) => finish(import('./run-switch.ts').then(({ runSwitch }) => runSwitch(flags))))

program.command('key')
  .description('make the secret that the parts of one machine share across hosts')
  .argument('<file>', 'file to make; copy it to every host by a safe way')
  .action(async (path: string) =>
    finish(import('../host/key-file.ts').then(({ createKeyFile }) => createKeyFile(path)).then(() => ExitCode.ok)))

// `run` is what everybody wants: its options belong on the first page.
program.addHelpText('after', () => `\nft-run IMAGE is short for ft-run run IMAGE:\n\n${run.helpInformation()}${examples}`)

/** One clear line for every way to fail; a stack only for defects of our own. */
async function finish(run: Promise<number>): Promise<void> {
  try {
    process.exit(await run)
  } catch (error) {
    const known = error instanceof Error && !(error instanceof EngineHalt) && !(error instanceof TypeError)
    const text = known ? error.message : ((error as Error).stack ?? String(error))
    tell(text, () => process.exit(error instanceof StartError ? error.code : ExitCode.usage))
  }
}

/** A replica under a supervisor leaves the telling to it, so that it is told once. */
function tell(text: string, onTold: () => void): void {
  if (process.connected) process.send!({ type: 'halted', code: ExitCode.usage, reason: text } satisfies FromReplica, undefined, {}, onTold)
  else process.stderr.write(`ft-run: ${text}\n`, onTold)
}

await program.parseAsync()
