import fc from '../properties.ts'

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'key:1', 'key:2', '', 'k\r\n', '\xff\x00z')
const integers = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', '9223372036854775808'),
  fc.constantFrom('01', '+1', '-0', '', ' 1', '1 ', '1.5', 'x'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
)
const floats = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(value => value.toFixed(4)),
  fc.tuple(fc.integer(), fc.integer({ min: -40, max: 40 })).map(([digits, exponent]) => `${digits}e${exponent}`),
  fc.constantFrom('0x1F', '0x.8p3', '1e', '.5', '5.', 'inf', '-inf', 'nan', '1e4932', '1e-4950', '-0', '3.0e+2', '1 ', '')
)
const bytes = fc.oneof(
  integers, fc.constantFrom('', 'v', 'value', '10', '3.5'),
  fc.uint8Array({ maxLength: 40 }).map(each => Buffer.from(each).toString('latin1')),
  fc.integer({ min: 0, max: 300 }).map(length => 'x'.repeat(length))
)
const members = fc.constantFrom('m1', 'm2', 'm3', 'm4', '1', '2', '-3', '', 'long-'.repeat(20))
/** Times far enough from now that no expiry falls into a test, and rarely equal (GT and LT would notice), or long past. */
const seconds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 100_000, max: 1_000_000_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '-1000', 'x', '9223372036854775807', '9223372036854775') }
)
const instants = fc.constantFrom('1', '0', '-1', '4102444800', '4102444800000', 'x', '9223372036854775807')
/** Instants for SET: a key that expired but lies there is counted by DBSIZE for as long as redis-server pleases. */
const futures = fc.constantFrom('4102444800000', '0', '-1', 'x', '9223372036854775807')

function anyCase(word: string): fc.Arbitrary<string> {
  return fc.mixedCase(fc.constant(word))
}

function command(name: string, ...args: fc.Arbitrary<string | readonly string[]>[]): fc.Arbitrary<string[]> {
  return fc.tuple(anyCase(name), ...args).map(parts => parts.flat())
}

function some(arbitrary: fc.Arbitrary<string | readonly string[]>, minLength = 1): fc.Arbitrary<string[]> {
  return fc.array(arbitrary, { minLength, maxLength: 4 }).map(parts => parts.flat())
}

const offsets = fc.oneof(fc.integer({ min: -2, max: 400 }).map(String), fc.constantFrom('536870912', 'x'))
const setOptions = some(fc.oneof(
  fc.constantFrom('NX', 'xx', 'GET', 'KEEPTTL', 'foo').map(option => [option]),
  fc.tuple(fc.constantFrom('EX', 'px'), seconds).map(([option, value]) => [option, value]),
  fc.tuple(fc.constantFrom('EXAT', 'pxat'), futures).map(([option, value]) => [option, value])
), 0)
const expireOptions = fc.oneof(
  fc.constant([] as string[]),
  fc.array(fc.constantFrom('NX', 'XX', 'gt', 'LT', 'zz'), { maxLength: 2 })
)
const patterns = fc.oneof(
  fc.constantFrom('*', '?', 'key:*', '[a-c]', '[^a]', 'k*y*1', '\\a', '[', '[a', 'key:[12]', '*:?', '[b-a]', '', '**', '[\\]]*'),
  fc.array(fc.constantFrom('*', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'k', ':', '1', 'key'), { maxLength: 6 })
    .map(each => each.join(''))
)

const strings = fc.oneof(
  command('set', keys, bytes, setOptions), command('set', keys, bytes), command('get', keys), command('getset', keys, bytes),
  command('getdel', keys), command('setnx', keys, bytes), command('setex', keys, seconds, bytes),
  command('psetex', keys, seconds, bytes), command('mset', some(fc.tuple(keys, bytes))), command('mset', some(keys)),
  command('msetnx', some(fc.tuple(keys, bytes))), command('mget', some(keys)), command('append', keys, bytes),
  command('strlen', keys), command('getrange', keys, integers, integers), command('setrange', keys, offsets, bytes)
)
const counters = fc.oneof(
  command('incr', keys), command('decr', keys), command('incrby', keys, integers), command('decrby', keys, integers),
  command('incrbyfloat', keys, floats)
)
const generic = fc.oneof(
  command('del', some(keys)), command('unlink', some(keys)), command('exists', some(keys)), command('type', keys),
  command('rename', keys, keys), command('keys', patterns), command('dbsize'), command('flushall'),
  command('flushdb', fc.constant('async'))
)
const expiries = fc.oneof(
  command('expire', keys, seconds, expireOptions), command('pexpire', keys, seconds, expireOptions),
  command('expireat', keys, instants, expireOptions), command('pexpireat', keys, instants, expireOptions),
  command('ttl', keys), command('persist', keys)
)
const lists = fc.oneof(
  command('lpush', keys, some(bytes)), command('rpush', keys, some(bytes)), command('lpop', keys), command('rpop', keys),
  command('lpop', keys, integers), command('rpop', keys, integers), command('llen', keys),
  command('lrange', keys, integers, integers)
)
const sets = fc.oneof(
  command('sadd', keys, some(members)), command('srem', keys, some(members)), command('sismember', keys, members),
  command('scard', keys), command('smembers', keys), command('spop', keys, fc.constant('0'))
)
const hashes = fc.oneof(
  command('hset', keys, some(fc.tuple(members, bytes))), command('hset', keys, some(members)), command('hget', keys, members),
  command('hdel', keys, some(members)), command('hgetall', keys), command('hlen', keys)
)
/** HELLO 3 is left out: redis-server would speak RESP3 from then on, the guest refuses to. */
const connection = fc.oneof(
  command('ping'), command('ping', bytes), command('echo', bytes), command('select', integers),
  command('hello', fc.constantFrom('2', '1', '4', 'x', '9223372036854775808')),
  command('client', fc.constant('getname')), command('client', fc.constant('setname'), members)
)
const nonsense = fc.array(fc.oneof(bytes, fc.constantFrom('get', 'set', 'hset', 'expire', 'a')), { minLength: 1, maxLength: 5 })

/** A command of the first version, well formed or nearly so, on few keys so that commands meet each other's. */
export const anyCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 12, arbitrary: strings }, { weight: 7, arbitrary: counters }, { weight: 4, arbitrary: generic },
  { weight: 3, arbitrary: expiries }, { weight: 4, arbitrary: lists }, { weight: 4, arbitrary: sets },
  { weight: 4, arbitrary: hashes }, { weight: 1, arbitrary: connection }, { weight: 1, arbitrary: nonsense }
)
