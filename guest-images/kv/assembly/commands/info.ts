/** INFO: the sections that have something to say. */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { openConnections } from '../connection'
import { allKeys } from '../database'
import { expiringKeys } from '../expiry'
import { STAT } from '../stats'
import { addField, addNumber, addText, builtLength, replyBuilt } from '../text-builder'
import { nowMs, uptimeMs } from '../time'
import { heap } from '../../../lib'

export function info(): void {
  if (isWanted('server')) server()
  if (isWanted('clients')) clients()
  if (isWanted('memory')) memorySection()
  if (isWanted('persistence')) persistence()
  if (isWanted('stats')) stats()
  if (isWanted('replication')) replication()
  if (isWanted('cpu')) begin('CPU')
  if (isWanted('modules')) begin('Modules')
  if (isWanted('cluster')) cluster()
  if (isWanted('keyspace')) keyspace()
  replyBuilt()
}

function isWanted(section: string): bool {
  for (let i = 1; i < argc; i++) {
    const ptr = arg(i)
    const len = argLen(i)
    if (equalsWord(ptr, len, section) || equalsWord(ptr, len, 'all') || equalsWord(ptr, len, 'default') ||
      equalsWord(ptr, len, 'everything')) return true
  }
  return argc == 1
}

function begin(title: string): void {
  if (builtLength() > 0) addText('\r\n')
  addText('# ')
  addText(title)
  addText('\r\n')
}

function server(): void {
  begin('Server')
  addText('redis_version:7.0.15\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_mode:standalone\r\n')
  addText('os:ft-run\r\narch_bits:32\r\nmultiplexing_api:ft\r\n')
  addField('tcp_port', 6379)
  addField('server_time_usec', nowMs() * 1000)
  addField('uptime_in_seconds', uptimeMs() / 1000)
  addField('uptime_in_days', uptimeMs() / 86_400_000)
  addText('hz:10\r\nconfigured_hz:10\r\n')
}

function clients(): void {
  begin('Clients')
  addField('connected_clients', openConnections())
  addText('cluster_connections:0\r\nmaxclients:10000\r\nblocked_clients:0\r\n')
  addText('tracking_clients:0\r\nclients_in_timeout_table:0\r\n')
}

function memorySection(): void {
  begin('Memory')
  const bytes = <i64>memory.size() << 16
  addField('used_memory', <i64>heap.used())
  addField('used_memory_rss', bytes)
  addField('used_memory_peak', bytes)
  addField('total_system_memory', <i64>1 << 32)
  addText('maxmemory:0\r\nmaxmemory_human:0B\r\nmaxmemory_policy:noeviction\r\nmem_allocator:ft\r\n')
}

function persistence(): void {
  begin('Persistence')
  addText('loading:0\r\nasync_loading:0\r\nrdb_changes_since_last_save:0\r\nrdb_bgsave_in_progress:0\r\naof_enabled:0\r\n')
}

function stats(): void {
  begin('Stats')
  addField('total_connections_received', STAT.connections)
  addField('total_commands_processed', STAT.commands)
  addField('total_net_input_bytes', STAT.bytesIn)
  addField('total_net_output_bytes', STAT.bytesOut)
  addText('rejected_connections:0\r\n')
  addField('expired_keys', STAT.expiredKeys)
  addText('evicted_keys:0\r\n')
  addField('keyspace_hits', STAT.hits)
  addField('keyspace_misses', STAT.misses)
}

function replication(): void {
  begin('Replication')
  addText('role:master\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\n')
}

function cluster(): void {
  begin('Cluster')
  addText('cluster_enabled:0\r\n')
}

function keyspace(): void {
  begin('Keyspace')
  if (allKeys().count == 0) return
  addText('db0:keys=')
  addNumber(allKeys().count)
  addText(',expires=')
  addNumber(expiringKeys())
  addText(',avg_ttl=0\r\n')
}
