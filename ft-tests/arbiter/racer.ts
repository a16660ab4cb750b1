/**
 * A process that asks for terms: `racer.ts DIRECTORY VM`, under its own process id. For every line `TERM` of its
 * input it asks once, and prints `TERM won|lost NOW HOLDER`. A line `on` makes it ask for one term after the
 * other until it is killed.
 */
import { createInterface } from 'node:readline'
import { FileArbiter } from '../../shared-disk/file-arbiter.ts'

const [directory, vm] = process.argv.slice(2)
const arbiter = await FileArbiter.open(directory)
const holder = `racer-${process.pid}`

async function ask(fromTerm: number): Promise<void> {
  const { won, term, holder: winner } = await arbiter.testAndSet(vm, fromTerm, holder)
  process.stdout.write(`${fromTerm} ${won ? 'won' : 'lost'} ${term} ${winner}\n`)
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'on') await ask(Number(line))
  else for (;;) await ask((await arbiter.current(vm)).term)
}
