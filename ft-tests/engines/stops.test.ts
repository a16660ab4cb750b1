/** A few stops of `npm run check:stops`. */
import test from 'ava'
import { engineMakers, engineNames } from './engine-makers.ts'
import { checkInterrupts, checkStops } from './stop-check.ts'
import { allSubjects, interruptible } from './subjects.ts'

/** The others are left to `npm run check:stops`: these are quick, and loop, recurse and jump through tables. */
const SUBJECTS = ['hashmap', 'tak', 'vm', 'kv', 'echo', 'busy', 'proxy']

test('stopped at random ticks, every program is where it should be and ends as if it had not been', async t => {
  for (const subject of (await allSubjects()).filter(({ name }) => SUBJECTS.includes(name))) {
    const results = []
    for (const engine of engineNames) {
      const result = await checkStops(subject, engineMakers[engine]!, 30, 7)
      t.deepEqual(result.wrong, [], `${subject.name} on ${engine}`)
      t.true(result.targets === 30)
      results.push(result.seen)
    }
    for (const seen of results) t.deepEqual(seen, results[0], subject.name)
  }
})

test('interrupted at random ticks, every program ends as if it had not been', async t => {
  for (const program of (await interruptible()).filter(({ name }) => SUBJECTS.includes(name))) {
    for (const engine of engineNames) {
      const { wrong, targets } = await checkInterrupts(program, engineMakers[engine]!, 30, 7)
      t.deepEqual({ wrong, targets }, { wrong: [], targets: 30 }, `${program.name} on ${engine}`)
    }
  }
})
