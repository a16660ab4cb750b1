/**
 * Part of `npm ci` in a checkout: puts our commands beside those of our dependencies, where npx looks first. Without
 * this npx makes an install of its own of this folder in its cache, which is slow and breaks if it is interrupted.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url))

if (process.platform !== 'win32') {
  mkdirSync(folder, { recursive: true })
  for (const name of ['ft-run', 'ft-drill', 'ft-ctl']) {
    rmSync(`${folder}${name}`, { force: true })
    symlinkSync(`../../hypervisor/cli/bin/${name}.js`, `${folder}${name}`)
  }
}
