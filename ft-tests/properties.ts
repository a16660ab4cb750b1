/** fast-check, set so that a failed property says what went wrong: AVA does not print the cause of an error. */
import fc from 'fast-check'

fc.configureGlobal({ includeErrorInReport: true })

export { default } from 'fast-check'
