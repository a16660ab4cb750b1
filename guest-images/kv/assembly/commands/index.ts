/** Every command, as COMMAND INFO describes it. */
import { Flag, Group, Keys, define } from '../command'
import { clientCommand } from './client'
import * as connection from './connection'
import { command } from './command'
import { config } from './config'
import * as counters from './counters'
import * as expiring from './expire'
import * as hashes from './hashes'
import { incrbyfloat } from './incrbyfloat'
import { info } from './info'
import * as keys from './keys'
import * as lists from './lists'
import * as scanning from './scan'
import * as setting from './set'
import * as sets from './sets'
import * as strings from './strings'

const WRITE = Flag.WRITE
const READ = Flag.READONLY
const FAST = Flag.FAST
const KEYSPACE = Flag.KEYSPACE
const GROWS = Flag.WRITE | Flag.DENYOOM
const ANY_TIME = Flag.LOADING | Flag.STALE
const UNAUTHENTICATED = Flag.NOSCRIPT | ANY_TIME | FAST | Flag.NO_AUTH | Flag.ALLOW_BUSY

export function registerCommands(): void {
  defineConnection()
  defineStrings()
  defineKeys()
  defineExpiry()
  defineLists()
  defineSets()
  defineHashes()
  defineServer()
}

function defineConnection(): void {
  const group = Group.CONNECTION
  define('ping', -1, FAST, group, connection.ping, Keys.NONE, '', 'request_policy:all_shards response_policy:all_succeeded')
  define('echo', 2, ANY_TIME | FAST, group, connection.echo)
  define('quit', -1, UNAUTHENTICATED, group, connection.quit)
  define('select', 2, ANY_TIME | FAST, group, connection.select)
  define('hello', -1, UNAUTHENTICATED, group, connection.hello)
  define('command', -1, ANY_TIME, group, command, Keys.NONE, '', 'nondeterministic_output_order')
  define('client', -2, 0, Group.SERVER, clientCommand)
}

function defineStrings(): void {
  const group = Group.STRING
  const one = Keys.FIRST
  define('get', 2, READ | FAST, group, strings.get, one, 'RO access')
  define('set', -3, GROWS, group, setting.set, one, 'RW access update variable_flags', '',
    'RW and ACCESS due to the optional `GET` argument')
  define('getset', 3, GROWS | FAST, group, strings.getset, one, 'RW access update')
  define('getdel', 2, WRITE | FAST, group, strings.getdel, one, 'RW access delete')
  define('setnx', 3, GROWS | FAST, group, strings.setnx, one, 'OW insert')
  define('setex', 4, GROWS, group, setting.setex, one, 'OW update')
  define('psetex', 4, GROWS, group, setting.psetex, one, 'OW update')
  define('mset', -3, GROWS, group, strings.mset, Keys.PAIRS, 'OW update',
    'request_policy:multi_shard response_policy:all_succeeded')
  define('msetnx', -3, GROWS, group, strings.msetnx, Keys.PAIRS, 'OW insert',
    'request_policy:multi_shard response_policy:agg_min')
  define('mget', -2, READ | FAST, group, strings.mget, Keys.ALL, 'RO access', 'request_policy:multi_shard')
  define('append', 3, GROWS | FAST, group, strings.append, one, 'RW insert')
  define('strlen', 2, READ | FAST, group, strings.strlen, one, 'RO')
  define('getrange', 4, READ, group, strings.getrange, one, 'RO access')
  define('setrange', 4, GROWS, group, strings.setrange, one, 'RW update')
  define('incr', 2, GROWS | FAST, group, counters.incr, one, 'RW access update')
  define('decr', 2, GROWS | FAST, group, counters.decr, one, 'RW access update')
  define('incrby', 3, GROWS | FAST, group, counters.incrby, one, 'RW access update')
  define('incrbyfloat', 3, GROWS | FAST, group, incrbyfloat, one, 'RW access update')
  define('decrby', 3, GROWS | FAST, group, counters.decrby, one, 'RW access update')
}

function defineKeys(): void {
  const group = Group.GENERIC
  const sum = 'request_policy:multi_shard response_policy:agg_sum'
  define('del', -2, WRITE | KEYSPACE, group, keys.del, Keys.ALL, 'RM delete', sum)
  define('unlink', -2, WRITE | KEYSPACE | FAST, group, keys.del, Keys.ALL, 'RM delete', sum)
  define('exists', -2, READ | KEYSPACE | FAST, group, keys.exists, Keys.ALL, 'RO', sum)
  define('type', 2, READ | KEYSPACE | FAST, group, keys.type, Keys.FIRST, 'RO')
  define('rename', 3, WRITE | KEYSPACE, group, keys.rename, Keys.TWO, 'RW access delete')
  define('randomkey', 1, READ | KEYSPACE, group, keys.randomkey, Keys.NONE, '',
    'request_policy:all_shards nondeterministic_output')
  define('keys', 2, READ | KEYSPACE | Flag.DANGEROUS, group, scanning.keys, Keys.NONE, '',
    'request_policy:all_shards nondeterministic_output_order')
  define('scan', -2, READ | KEYSPACE, group, scanning.scan, Keys.NONE, '', 'nondeterministic_output request_policy:special')
}

function defineExpiry(): void {
  const group = Group.GENERIC
  const write = WRITE | KEYSPACE | FAST
  const read = READ | KEYSPACE | FAST
  define('expire', -3, write, group, expiring.expire, Keys.FIRST, 'RW update')
  define('pexpire', -3, write, group, expiring.pexpire, Keys.FIRST, 'RW update')
  define('expireat', -3, write, group, expiring.expireat, Keys.FIRST, 'RW update')
  define('pexpireat', -3, write, group, expiring.pexpireat, Keys.FIRST, 'RW update')
  define('ttl', 2, read, group, expiring.ttl, Keys.FIRST, 'RO access', 'nondeterministic_output')
  define('pttl', 2, read, group, expiring.pttl, Keys.FIRST, 'RO access', 'nondeterministic_output')
  define('persist', 2, write, group, expiring.persist, Keys.FIRST, 'RW update')
}

function defineLists(): void {
  const group = Group.LIST
  const one = Keys.FIRST
  define('lpush', -3, GROWS | FAST, group, lists.lpush, one, 'RW insert')
  define('rpush', -3, GROWS | FAST, group, lists.rpush, one, 'RW insert')
  define('lpop', -2, WRITE | FAST, group, lists.lpop, one, 'RW access delete')
  define('rpop', -2, WRITE | FAST, group, lists.rpop, one, 'RW access delete')
  define('llen', 2, READ | FAST, group, lists.llen, one, 'RO')
  define('lrange', 4, READ, group, lists.lrange, one, 'RO access')
}

function defineSets(): void {
  const group = Group.SET
  const one = Keys.FIRST
  define('sadd', -3, GROWS | FAST, group, sets.sadd, one, 'RW insert')
  define('srem', -3, WRITE | FAST, group, sets.srem, one, 'RW delete')
  define('sismember', 3, READ | FAST, group, sets.sismember, one, 'RO')
  define('scard', 2, READ | FAST, group, sets.scard, one, 'RO')
  define('smembers', 2, READ, group, sets.smembers, one, 'RO access', 'nondeterministic_output_order')
  define('spop', -2, WRITE | FAST, group, sets.spop, one, 'RW access delete', 'nondeterministic_output')
}

function defineHashes(): void {
  const group = Group.HASH
  const one = Keys.FIRST
  define('hset', -4, GROWS | FAST, group, hashes.hset, one, 'RW update')
  define('hget', 3, READ | FAST, group, hashes.hget, one, 'RO access')
  define('hdel', -3, WRITE | FAST, group, hashes.hdel, one, 'RW delete')
  define('hgetall', 2, READ, group, hashes.hgetall, one, 'RO access', 'nondeterministic_output_order')
  define('hlen', 2, READ | FAST, group, hashes.hlen, one, 'RO')
}

function defineServer(): void {
  const group = Group.SERVER
  const flushes = WRITE | KEYSPACE | Flag.DANGEROUS
  const everywhere = 'request_policy:all_shards response_policy:all_succeeded'
  define('config', -2, 0, group, config)
  define('info', -1, ANY_TIME | Flag.DANGEROUS, group, info, Keys.NONE, '',
    'nondeterministic_output request_policy:all_shards response_policy:special')
  define('dbsize', 1, READ | KEYSPACE | FAST, group, keys.dbsize, Keys.NONE, '',
    'request_policy:all_shards response_policy:agg_sum')
  define('flushall', -1, flushes, group, keys.flush, Keys.NONE, '', everywhere)
  define('flushdb', -1, flushes, group, keys.flush, Keys.NONE, '', everywhere)
}
