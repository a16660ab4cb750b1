/** Loaded into a program that is measured: at its end, writes the processor milliseconds of its main thread to descriptor 3. */
import { writeSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.threadCpuUsage()
  writeSync(3, String((user + system) / 1000))
})
