import test from 'ava'
import { openSpecSuite, SPEC_ABSENT } from '../wasm/spec-suite.ts'
import { ENGINES, reasonToSkip } from './engines.ts'
import type { EngineName } from './engines.ts'
import type { SpecEngine } from './engine.ts'
import { InterpreterSpecEngine } from './interpreter-engine.ts'
import { Tally } from './tally.ts'

function expectWholeSuite(name: string, engine: EngineName, make: () => SpecEngine): void {
  test(`the specification's suite runs as it says on ${name}, with canonical NaNs`, t => {
    const suite = openSpecSuite()
    if (suite === undefined) {
      t.log(SPEC_ABSENT)
      t.pass()
      return
    }
    const tally = new Tally()
    for (const script of suite.scripts) tally.run(script, make(), command => reasonToSkip(engine, script, command))
    suite.remove()
    const report = tally.report(name)
    t.log(`${report.core.passed} core and ${report.simd.passed} SIMD assertions hold`)
    t.deepEqual(report.failures, [])
    t.true(report.core.passed + report.simd.passed >= 51_900)
    t.true(report.tailCall.passed >= 113 && report.extendedConst.passed >= 209)
  })
}

for (const engine of Object.keys(ENGINES) as EngineName[]) expectWholeSuite(engine, engine, ENGINES[engine])
expectWholeSuite('the interpreter\'s debugging loop', 'interpreter', () => new InterpreterSpecEngine(true))
