/** Every way to cut what connects primary, backup, switch and arbiter: each link in each direction by itself. */
import { execFileSync } from 'node:child_process'
import { joinHosts, makeHosts, type NamespaceHost } from '../../cli/namespaces.ts'
import { exitCodeOf, isAlone, isChangeOfRoles, isLive, LOST_EXIT_CODE } from '../pair-events.ts'
import { startParts, type PartsPair, type Side } from '../parts-pair.ts'
import { awaitService } from '../await-service.ts'
import { earlyComplaints, type Fault, pause, REACTION_MS_MAX } from './fault.ts'

/** Links that can be cut, as bits of a subset. The arbiter is a directory: one reaches it or one does not. */
export const LINKS = [
  'primary>backup', 'backup>primary', 'primary>switch', 'switch>primary', 'backup>switch', 'switch>backup',
  'primary>arbiter', 'backup>arbiter'
] as const
type LinkName = (typeof LINKS)[number]

const CUT_MS_MIN = 600
const CUT_MS_MORE = 900
const HEALING_MS_MAX = 30_000

type Network = { readonly hosts: Readonly<Record<Side | 'switch', NamespaceHost>> }
const networks = new WeakMap<object, Network>()

/** Odd, so that consecutive seeds go through all subsets; and not 1, so that a few rounds already differ much. */
const SUBSET_STEP = 37

/** Needs hosts of its own: Linux, root, `ip` and `nft`. Which links it cuts follows from the seed of the round. */
export const partition: Fault = {
  description: `cut a subset of the ${LINKS.length} directed links among primary, backup, switch and arbiter, and heal it; ` +
    `${2 ** LINKS.length} rounds go through all of them (needs root, ip and nft)`,
  startPair: (ftRun, flags) => () => startPartitionable(ftRun, flags),
  bringAbout: async (pair, random, seed) => {
    const subset = seed * SUBSET_STEP
    return await bringAbout(pair as PartsPair, LINKS.filter((_, i) => ((subset >> i) & 1) === 1), random)
  }
}

/** @throws Error in one line where network namespaces can't be made */
async function startPartitionable(ftRun: readonly string[], flags: readonly string[]): Promise<PartsPair> {
  if (process.getuid?.() !== 0) throw new Error('this drill makes network namespaces: run it as root, on Linux with ip and nft')
  const teardowns: (() => unknown)[] = []
  const closer = { teardown: (fn: () => unknown) => void teardowns.unshift(fn) }
  const close = (): void => teardowns.splice(0).forEach((fn) => fn())
  try {
    const [atPrimary, atBackup, atSwitch] = makeHosts(closer, 3) as [NamespaceHost, NamespaceHost, NamespaceHost]
    joinHosts(closer, [atPrimary])
    const hosts = { primary: atPrimary, backup: atBackup, switch: atSwitch }
    const pair = await startParts({ ftRun, flags, hosts })
    const stop = async (): Promise<void> => await pair.stop().finally(close)
    const own = { ...pair, stop }
    networks.set(own, { hosts })
    return own
  } catch (error) {
    close()
    throw error
  }
}

async function bringAbout(pair: PartsPair, links: readonly LinkName[], random: () => number): ReturnType<Fault['bringAbout']> {
  const { hosts } = networks.get(pair) as Network
  const complaints = earlyComplaints(pair)
  const at = performance.now()
  for (const link of links) cut(pair, hosts, link)
  confirmCuts(hosts, links)
  await pause(CUT_MS_MIN + random() * CUT_MS_MORE)
  const healAt = performance.now()
  heal(pair, hosts)
  const served = await awaitService(pair.address, HEALING_MS_MAX)
  if (served === null) complaints.push(`no service ${HEALING_MS_MAX} ms after healing`)
  complaints.push(...(await settle(pair)))
  const isSplit = links.includes('primary>backup') || links.includes('backup>primary')
  if (isSplit && !pair.events.seen.some((event) => event.event === 'suspect')) complaints.push('nobody suspected anything')
  const outcome = pair.events.seen.some(isLive) ? 'backupWentLive' : pair.events.seen.some(isAlone) ? 'primaryWentOn' : 'pairStayed'
  return {
    at, complaints: complaints.map((text) => `${text} (cut: ${links.join(' ') || 'nothing'})`),
    figures: { healedMs: Math.round(served ?? performance.now() - healAt), links: links.length, [outcome]: 1 }
  }
}

function cut(pair: PartsPair, hosts: Network['hosts'], link: LinkName): void {
  const [from, to] = link.split('>') as [Side | 'switch', Side | 'switch' | 'arbiter']
  if (to === 'arbiter') return pair.reachArbiter(from as Side, false)
  // Both rules stand at the replica's end, so that the switch goes on reaching its clients.
  const [side, chain, field, other] = from === 'switch' ? [to, 'input', 'saddr', from] as const : [from, 'output', 'daddr', to] as const
  nft(hosts[side], 'add', 'table', 'inet', 'cut')
  nft(hosts[side], 'add', 'chain', 'inet', 'cut', chain, `{ type filter hook ${chain} priority 0 ; }`)
  nft(hosts[side], 'add', 'rule', 'inet', 'cut', chain, 'ip', field, hosts[other].address, 'drop')
}

function heal(pair: PartsPair, hosts: Network['hosts']): void {
  for (const side of ['primary', 'backup'] as const) {
    nft(hosts[side], 'flush', 'ruleset')
    pair.reachArbiter(side, true)
  }
}

/** A cut that did not take place would prove nothing. @throws Error */
function confirmCuts(hosts: Network['hosts'], links: readonly LinkName[]): void {
  const rules = (['primary', 'backup'] as const).map((side) => nft(hosts[side], 'list', 'ruleset')).join('')
  const wanted = links.filter((link) => !link.endsWith('>arbiter')).length
  const found = rules.match(/\bdrop\b/g)?.length ?? 0
  if (found !== wanted) throw new Error(`${found} of ${wanted} links are cut`)
}

function nft(host: NamespaceHost, ...args: string[]): string {
  const [file, ...rest] = [...host.exec, 'nft', ...args] as [string, ...string[]]
  // The system's nft: npm puts folders in front of the PATH in which another program has that name.
  return execFileSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
}

/** Once healed, the pair is whole, or exactly one replica has taken over and the other has lost and halted. */
async function settle(pair: PartsPair): Promise<string[]> {
  // A role is won and only then taken: the other's end may come a little later.
  await pause(500)
  if (!pair.events.seen.some(isChangeOfRoles)) return []
  const exit = await pair.events.find((event) => event.event === 'exit', REACTION_MS_MAX)
  const [live, alone] = [pair.events.seen.some(isLive), pair.events.seen.some(isAlone)]
  if (live && alone) return ['both replicas went live']
  if (exit === null) return ['the loser did not halt']
  if (pair.events.seen.filter((event) => event.event === 'exit').length > 1) return ['both replicas ended']
  const loser = live ? 'primary' : 'backup'
  if (exit['role'] !== loser) return [`the ${String(exit['role'])} ended, not the ${loser}`]
  if (exitCodeOf(exit) === LOST_EXIT_CODE) return []
  return [`the loser ended with ${String(exitCodeOf(exit))} instead of exit code ${LOST_EXIT_CODE}`]
}
