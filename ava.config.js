export default {
  extensions: ['ts'],
  files: ['ft-tests/**/*.test.ts'],
  timeout: '120s',
  concurrency: 2
}
