/** Every command, as COMMAND INFO describes it. */
import { Flag, Group, Keys, define } from '../command'
import * as client from './client'
import * as connection from './connection'
import * as counters from './counters'
import * as keys from './keys'
import * as setting from './set'
import * as strings from './strings'

const WRITE = Flag.WRITE
const READ = Flag.READONLY
const FAST = Flag.FAST
const GROWS = Flag.WRITE | Flag.DENYOOM
const ANY_TIME = Flag.LOADING | Flag.STALE
const UNAUTHENTICATED = Flag.NOSCRIPT | ANY_TIME | FAST | Flag.NO_AUTH | Flag.ALLOW_BUSY

export function registerCommands(): void {
  defineConnection()
  defineStrings()
  defineKeys()
}

function defineConnection(): void {
  const group = Group.CONNECTION
  define('ping', -1, FAST, group, connection.ping, Keys.NONE, '', 'request_policy:all_shards response_policy:all_succeeded')
  define('echo', 2, ANY_TIME | FAST, group, connection.echo)
  define('quit', -1, UNAUTHENTICATED, group, connection.quit)
  define('select', 2, ANY_TIME | FAST, group, connection.select)
  define('hello', -1, UNAUTHENTICATED, group, connection.hello)
}

function defineStrings(): void {
  const group = Group.STRING
  const one = Keys.FIRST
  define('get', 2, READ | FAST, group, strings.get, one, 'RO access')
  define('set', -3, GROWS, group, setting.set, one, 'RW access update variable_flags')
  define('getset', 3, GROWS | FAST, group, strings.getset, one, 'RW access update')
  define('getdel', 2, WRITE | FAST, group, strings.getdel, one, 'RW access delete')
  define('setnx', 3, GROWS | FAST, group, strings.setnx, one, 'OW insert')
  define('setex', 4, GROWS, group, setting.setex, one, 'OW update')
  define('psetex', 4, GROWS, group, setting.psetex, one, 'OW update')
  define('mset', -3, GROWS, group, strings.mset, Keys.PAIRS, 'OW update',
    'request_policy:multi_shard response_policy:all_succeeded')
  define('msetnx', -3, GROWS, group, strings.msetnx, Keys.PAIRS, 'OW insert', 'request_policy:multi_shard response_policy:agg_min')
  define('mget', -2, READ | FAST, group, strings.mget, Keys.ALL, 'RO access', 'request_policy:multi_shard')
  define('append', 3, GROWS | FAST, group, strings.append, one, 'RW insert')
  define('strlen', 2, READ | FAST, group, strings.strlen, one, 'RO')
  define('getrange', 4, READ, group, strings.getrange, one, 'RO access')
  define('setrange', 4, GROWS, group, strings.setrange, one, 'RW update')
  define('incr', 2, GROWS | FAST, group, counters.incr, one, 'RW access update')
  define('decr', 2, GROWS | FAST, group, counters.decr, one, 'RW access update')
  define('incrby', 3, GROWS | FAST, group, counters.incrby, one, 'RW access update')
  define('decrby', 3, GROWS | FAST, group, counters.decrby, one, 'RW access update')
}

function defineKeys(): void {
  const group = Group.GENERIC
  const sum = 'request_policy:multi_shard response_policy:agg_sum'
  define('del', -2, WRITE, group, keys.del, Keys.ALL, 'RM delete', sum)
  define('unlink', -2, WRITE | FAST, group, keys.del, Keys.ALL, 'RM delete', sum)
  define('exists', -2, READ | FAST, group, keys.exists, Keys.ALL, 'RO', sum)
  define('type', 2, READ | FAST, group, keys.type, Keys.FIRST, 'RO')
  define('rename', 3, WRITE, group, keys.rename, Keys.TWO, 'RW access delete')
  define('randomkey', 1, READ, group, keys.randomkey, Keys.NONE, '', 'request_policy:all_shards nondeterministic_output')
}
