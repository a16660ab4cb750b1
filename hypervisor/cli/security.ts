/** The `--key` and `--insecure` options: links beyond this machine are encrypted and mutually authenticated unless that is refused. */
import { isIPv4 } from 'node:net'
import { type Command, Option } from 'commander'
import { readKeyFile } from '../host/key-file.ts'
import { formatAddress, type Address } from '../host/switch/switch-port.ts'
import { UsageError } from '../host/usage-error.ts'

export type SecurityFlags = { readonly key?: string; readonly insecure?: boolean }

export function addSecurity(command: Command): Command {
  return command
    .addOption(new Option('--key <file>', 'secret shared by all parts of this machine (see: ft-run key); their links are then encrypted'))
    .addOption(new Option('--insecure', 'plain, unauthenticated links even beyond this machine').default(false).conflicts('key'))
}

/**
 * The shared secret for links at these addresses; undefined for plain ones.
 * @throws UsageError if one of them leaves this machine and the user said neither `--key` nor `--insecure`
 */
export async function sharedSecret(flags: SecurityFlags, addresses: readonly (Address | undefined)[]): Promise<Uint8Array | undefined> {
  if (flags.key !== undefined) return readKeyFile(flags.key)
  const exposed = addresses.find((address) => address !== undefined && !isLoopback(address.host))
  if (exposed === undefined || flags.insecure === true) return undefined
  throw new UsageError(`${formatAddress(exposed)} is not on this machine: give --key FILE (made by "ft-run key FILE"), or say --insecure`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
