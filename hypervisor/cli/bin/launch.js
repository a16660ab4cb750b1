/**
 * Starts a command on the pinned runtime. Plain JavaScript that an old Node can read: it may be the first thing that
 * runs. From a checkout the TypeScript sources run as they are; from an installed package, what `npm pack` compiled.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)
const starterVariable = 'FT_RUN_STARTER'
const starterCheckMs = 200

/** @param {string} name of the command's module in hypervisor/cli */
export async function launch(name) {
  // On Apple's ARM the platform package has another name.
  const kind = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const runtime = `${kind}-${process.platform}-${process.arch}`
  const wanted = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).optionalDependencies[runtime]
  if (wanted === undefined || process.version === `v${wanted}`) {
    if (Number(process.versions.node.split('.')[0]) < 26) {
      return fail(`ft-run has no pinned runtime for ${process.platform}-${process.arch}; run it with Node 26, this is ${process.version}`)
    }
    dieWithStarter()
    const installed = fileURLToPath(import.meta.url).includes('/node_modules/')
    return void (await import(installed ? `../../../dist/hypervisor/cli/${name}.js` : `../${name}.ts`))
  }
  let binary
  try {
    binary = createRequire(import.meta.url).resolve(`${runtime}/bin/node`)
  } catch {
    return fail(`the runtime ${runtime}@${wanted} is not installed; run "npm ci" here (without --omit=optional)`)
  }
  runOn(binary)
}

/** Ctrl-C reaches the child by itself, being of the same group; a signal to this process alone is passed on. */
function runOn(binary) {
  const env = { ...process.env, [starterVariable]: `${process.pid}` }
  const child = spawn(binary, process.argv.slice(1), { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

/** Whoever shoots the process that he started (SIGKILL can't be passed on) means this one: it must not be left behind. */
function dieWithStarter() {
  const starter = process.env[starterVariable]
  delete process.env[starterVariable]
  if (starter === undefined) return
  setInterval(() => {
    if (process.ppid !== Number(starter)) process.kill(process.pid, 'SIGKILL')
  }, starterCheckMs).unref()
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exitCode = 2
}
