/** Log records on standard output, through pino: for the processes that nobody supervises. */
import pino, { type Logger } from 'pino'
import type { Reporter } from './reporter.ts'

/** Pretty on a terminal, JSON lines otherwise or when asked for. */
export async function createReporter(json: boolean): Promise<Reporter> {
  const logger = json || !process.stdout.isTTY ? lineLogger() : await prettyLogger()
  return ({ level, msg, fields }) => logger[level](fields, msg)
}

function lineLogger(): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 1, sync: true }))
}

async function prettyLogger(): Promise<Logger> {
  const { default: pretty } = await import('pino-pretty')
  return pino({ base: null }, pretty({ translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname', sync: true, hideObject: true }))
}
