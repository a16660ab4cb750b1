import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { FileArbiter } from '../../shared-disk/file-arbiter.ts'

const racer = fileURLToPath(new URL('racer.ts', import.meta.url))

async function makeDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ft-arbiter-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

type Answer = { readonly fromTerm: number; readonly won: boolean; readonly term: number; readonly holder: string }

type Racer = {
  readonly answers: Answer[]
  readonly ended: Promise<unknown>
  tell(line: string): void
  /** Resolves when that many answers are there. */
  answered(count: number): Promise<void>
  end(): void
  kill(): void
}

function startRacer(directory: string): Racer {
  const child = spawn(process.execPath, [racer, directory, 'kv'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers: Answer[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    const [fromTerm, word, term, holder] = line.split(' ')
    answers.push({ fromTerm: Number(fromTerm), won: word === 'won', term: Number(term), holder })
  })
  return {
    answers,
    ended: once(child, 'close'),
    tell: line => child.stdin.write(`${line}\n`),
    answered: async count => {
      while (answers.length < count && child.exitCode === null) await delay(1)
    },
    end: () => child.stdin.end(),
    kill: () => child.kill('SIGKILL')
  }
}

test('P2.3-5: one winner, who is told so again; everybody else is told who it is', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  t.deepEqual(await arbiter.current('kv'), { term: 0, holder: '' })
  t.deepEqual(await arbiter.testAndSet('kv', 0, 'a'), { won: true, term: 1, holder: 'a' })
  t.deepEqual(await arbiter.testAndSet('kv', 0, 'b'), { won: false, term: 1, holder: 'a' })
  t.deepEqual(await arbiter.testAndSet('kv', 0, 'a'), { won: true, term: 1, holder: 'a' })
  t.deepEqual(await arbiter.testAndSet('kv', 1, 'b'), { won: true, term: 2, holder: 'b' })
  t.deepEqual(await arbiter.current('kv'), { term: 2, holder: 'b' })
  t.deepEqual(await arbiter.current('other'), { term: 0, holder: '' })
})

test('a stale term loses, and changes nothing', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  for (const [term, holder] of ['a', 'b', 'c'].entries()) await arbiter.testAndSet('kv', term, holder)
  const now = { won: false, term: 3, holder: 'c' }
  t.deepEqual(await arbiter.testAndSet('kv', 1, 'd'), now)
  t.deepEqual(await arbiter.testAndSet('kv', 0, 'a'), now, 'a winner that has been superseded must not go live')
  t.deepEqual(await arbiter.current('kv'), { term: 3, holder: 'c' })
})

test('a term that this storage has never seen is an error: it is the wrong storage', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  await arbiter.testAndSet('kv', 0, 'a')
  await t.throwsAsync(arbiter.testAndSet('kv', 2, 'b'), {
    message: 'arbiter knows only term 1, but term 2 is in use: is this the storage that both replicas reach?'
  })
  t.deepEqual(await arbiter.current('kv'), { term: 1, holder: 'a' })
})

test('machines whose names look alike have records of their own', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  const names = ['kv', 'kv.term-1', 'k', 'kv.term']
  for (const [index, name] of names.entries()) t.true((await arbiter.testAndSet(name, 0, `holder-${index}`)).won, name)
  for (const [index, name] of names.entries()) t.is((await arbiter.current(name)).holder, `holder-${index}`)
})

for (const vm of ['', '../kv', 'a/b', '.hidden', 'a\0b', 'x'.repeat(101)]) {
  test(`the machine name ${JSON.stringify(vm).slice(0, 20)} is refused`, async t => {
    const arbiter = await FileArbiter.open(await makeDirectory(t))
    await t.throwsAsync(arbiter.testAndSet(vm, 0, 'a'), { instanceOf: RangeError, message: /^machine name / })
    await t.throwsAsync(arbiter.current(vm), { instanceOf: RangeError })
  })
}

test('terms and holders that can not be are refused', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  for (const term of [-1, 1.5, NaN, 2 ** 32]) await t.throwsAsync(arbiter.testAndSet('kv', term, 'a'), { message: /^term / })
  await t.throwsAsync(arbiter.testAndSet('kv', 0, ''), { message: /^holder / })
})

test('calls of one process at the same time: one winner', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  for (let term = 0; term < 20; term++) {
    const verdicts = await Promise.all(Array.from({ length: 10 }, (_, index) => arbiter.testAndSet('kv', term, `h${index}`)))
    t.is(verdicts.filter(verdict => verdict.won).length, 1)
  }
})

test.serial('eight processes race for 200 terms: exactly one winner each, all of one opinion', async t => {
  t.timeout(120_000)
  const terms = 200
  const directory = await makeDirectory(t)
  const racers = Array.from({ length: 8 }, () => startRacer(directory))
  for (let term = 0; term < terms; term++) {
    for (const one of racers) one.tell(String(term))
    await Promise.all(racers.map(one => one.answered(term + 1)))
  }
  for (const one of racers) one.end()
  await Promise.all(racers.map(one => one.ended))
  const answers = racers.flatMap(one => one.answers)
  t.is(answers.length, 8 * terms)
  const arbiter = await FileArbiter.open(directory)
  t.is((await arbiter.current('kv')).term, terms)
  const winners = new Set<string>()
  for (let term = 0; term < terms; term++) {
    const wins = answers.filter(answer => answer.fromTerm === term && answer.won)
    t.is(wins.length, 1, `term ${term}`)
    winners.add(wins[0].holder)
    const told = answers.filter(answer => answer.term === term + 1).map(answer => answer.holder)
    t.deepEqual([...new Set(told)], [wins[0].holder])
  }
  t.true(winners.size > 1, 'no race took place')
  t.deepEqual((await readdir(directory)).filter(name => !name.startsWith('kv.term-')), [])
})

test.serial('processes killed in the middle: no term has two winners, none is skipped, and the next process goes on', async t => {
  t.timeout(120_000)
  const directory = await makeDirectory(t)
  const answers: Answer[] = []
  for (let round = 0; round < 15; round++) {
    const racers = [startRacer(directory), startRacer(directory)]
    for (const one of racers) one.tell('on')
    await Promise.all(racers.map(one => one.answered(3 + (round % 5))))
    for (const one of racers) one.kill()
    await Promise.all(racers.map(one => one.ended))
    answers.push(...racers.flatMap(one => one.answers))
  }
  const arbiter = await FileArbiter.open(directory)
  const last = await arbiter.current('kv')
  const files = (await readdir(directory)).filter(name => name.startsWith('kv.term-'))
  t.is(files.length, last.term)
  t.true(last.term > 15)
  for (let term = 1; term <= last.term; term++) {
    const told = answers.filter(answer => answer.term === term)
    t.true(new Set(told.map(answer => answer.holder)).size <= 1, `term ${term}`)
    t.true(told.filter(answer => answer.won).length <= 1, `term ${term}`)
  }
  t.true((await arbiter.testAndSet('kv', last.term, 'next')).won)
})

test('P2.3-6: while the directory is gone, requests fail; when it is back, they are answered', async t => {
  const directory = await makeDirectory(t)
  const arbiter = await FileArbiter.open(directory)
  await arbiter.testAndSet('kv', 0, 'a')
  await rename(directory, `${directory}-away`)
  await t.throwsAsync(arbiter.testAndSet('kv', 1, 'b'), { code: 'ENOENT' })
  await t.throwsAsync(arbiter.testAndSet('kv', 0, 'a'), { code: 'ENOENT' })
  await t.throwsAsync(arbiter.current('kv'), { code: 'ENOENT' })
  await rename(`${directory}-away`, directory)
  t.deepEqual(await arbiter.testAndSet('kv', 1, 'b'), { won: true, term: 2, holder: 'b' })
})

test('a damaged record is an error that names the file: nobody wins', async t => {
  const directory = await makeDirectory(t)
  const arbiter = await FileArbiter.open(directory)
  await arbiter.testAndSet('kv', 0, 'a')
  const path = join(directory, 'kv.term-1')
  const whole = await readFile(path, 'utf8')
  const damages = ['', 'x', 'null', whole.slice(0, -4), whole.replace('"a"', '7'), whole.replace('"term":1', '"term":2'),
    whole.replace('"kv"', '"other"'), whole.replace('"version":1', '"version":2')]
  for (const text of damages) {
    await writeFile(path, text)
    for (const term of [0, 1]) {
      const error = await t.throwsAsync(arbiter.testAndSet('kv', term, 'b'), undefined, JSON.stringify(text))
      t.true(error?.message.startsWith(`arbiter record ${path} is damaged: `))
      t.false(error?.message.includes('\n'))
    }
  }
  t.deepEqual(await readdir(directory), ['kv.term-1'])
})

test('files a dead process left are removed once they are old; other files never are', async t => {
  const directory = await makeDirectory(t)
  const old = new Date(Date.now() - 3_600_000)
  for (const name of ['.arbiter-old', '.arbiter-new', 'kv.term-1', 'other']) await writeFile(join(directory, name), '')
  for (const name of ['.arbiter-old', 'kv.term-1', 'other']) await utimes(join(directory, name), old, old)
  await FileArbiter.open(directory)
  t.deepEqual((await readdir(directory)).sort(), ['.arbiter-new', 'kv.term-1', 'other'])
})

test('a directory that does not exist, or is none, is refused in one line and not created', async t => {
  const directory = await makeDirectory(t)
  const missing = join(directory, 'missing')
  await t.throwsAsync(FileArbiter.open(missing), {
    message: `arbiter directory ${missing} can't be used: it does not exist; create it on storage that both replicas reach`
  })
  const file = join(directory, 'file')
  await writeFile(file, '')
  await t.throwsAsync(FileArbiter.open(file), { message: `arbiter directory ${file} can't be used: it is not a directory` })
  t.deepEqual(await readdir(directory), ['file'])
})

test('a directory that can not be written is refused in one line', async t => {
  const directory = join(await makeDirectory(t), 'locked')
  await mkdir(directory)
  await chmod(directory, 0o555)
  // Permissions do not bind root, but they bind a process that stops being root.
  const becomeNobody = process.getuid?.() === 0
  if (becomeNobody) await chmod(join(directory, '..'), 0o755)
  const { href } = new URL('../../shared-disk/file-arbiter.ts', import.meta.url)
  const code = `const { FileArbiter } = await import('${href}')
    ${becomeNobody ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534)' : ''}
    await FileArbiter.open(process.argv[1]).then(() => console.log('opened'), error => console.log(error.message))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  await once(child, 'close')
  t.is(output, `arbiter directory ${directory} can't be used: no permission to write there\n`)
})

test.serial('a win is answered within milliseconds', async t => {
  const arbiter = await FileArbiter.open(await makeDirectory(t))
  const times: number[] = []
  for (let term = 0; term < 30; term++) {
    const start = performance.now()
    await arbiter.testAndSet('kv', term, 'a')
    times.push(performance.now() - start)
  }
  const median = times.sort((a, b) => a - b)[15]
  t.log(`median ${median.toFixed(2)} ms`)
  // A bound for slow disks and busy machines; about 1 ms is usual on local storage.
  t.true(median < 100)
})
