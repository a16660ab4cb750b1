/** Hosts on one machine: network namespaces, each with an address of its own, on a bridge in yet another one. */
import { execFileSync } from 'node:child_process'
import type { Closer } from './command.ts'

export type NamespaceHost = {
  readonly name: string
  readonly address: string
  /** Put before a command that is to run there. */
  readonly exec: readonly string[]
  /** The bridge's end of its cable. */
  readonly port: { readonly bridge: string; readonly device: string }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Makes so many hosts that reach each other and nothing else; they are gone after the test. */
export function makeHosts(t: Closer, count: number): NamespaceHost[] {
  const bridge = `ft-${process.pid}-bridge`
  add(t, bridge)
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge')
  ip('-n', bridge, 'link', 'set', 'br0', 'up')
  return Array.from({ length: count }, (_, i) => {
    const name = `ft-${process.pid}-${i + 1}`
    const address = `10.77.0.${i + 1}`
    add(t, name)
    const device = `port${i + 1}`
    ip('-n', bridge, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('-n', bridge, 'link', 'set', device, 'master', 'br0', 'up')
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    for (const own of ['eth0', 'lo']) ip('-n', name, 'link', 'set', own, 'up')
    return { name, address, exec: ['ip', 'netns', 'exec', name], port: { bridge, device } }
  })
}

/** Gives this process's own host a cable to the others' bridge; returns its address there. */
export function joinHosts(t: Closer, [first]: readonly NamespaceHost[]): string {
  const address = '10.77.0.254'
  const device = `ft${process.pid}`
  ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'outside', 'netns', first!.port.bridge)
  t.teardown(() => ip('link', 'delete', device))
  ip('-n', first!.port.bridge, 'link', 'set', 'outside', 'master', 'br0', 'up')
  ip('address', 'add', `${address}/24`, 'dev', device)
  ip('link', 'set', device, 'up')
  return address
}

/** Kills everything that runs on a host, as a power failure does: not even its kernel says goodbye. */
export function killHost({ name, port }: NamespaceHost): void {
  ip('-n', port.bridge, 'link', 'set', port.device, 'down')
  for (const pid of ip('netns', 'pids', name).split('\n').filter((line) => line !== '')) process.kill(Number(pid), 'SIGKILL')
}

function add(t: Closer, name: string): void {
  ip('netns', 'add', name)
  t.teardown(() => ip('netns', 'delete', name))
}
