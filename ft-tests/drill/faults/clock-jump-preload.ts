/** Loaded into a replica by the clock-jump drill: at SIGUSR2 its wall clock moves by an hour, forth and back by turns. */
const HOUR_MS = 3_600_000
const now = Date.now
let offsetMs = 0

Date.now = () => now() + offsetMs

process.on('SIGUSR2', () => {
  const byMs = offsetMs === 0 ? HOUR_MS : -HOUR_MS
  offsetMs += byMs
  process.stdout.write(`${JSON.stringify({ event: 'clock-jump', byMs })}\n`)
})
