import test from 'ava'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { openSpecSuite, SPEC_ABSENT } from './spec-suite.ts'

/** The fault of a module, or undefined if it is valid. Anything but a `WasmError` is a bug and passes through. */
function faultOf(bytes: Uint8Array): WasmError | undefined {
  try {
    validateModule(decodeModule(bytes))
    return undefined
  } catch (error) {
    if (!(error instanceof WasmError)) throw error
    return error
  }
}

/** Place, function and instruction, what is there and what should be. Constant expressions stand in no function. */
const MISMATCH = /^bad module at byte \d+( in function \d+)?: found .+, expected .+\(type mismatch\)$/

test('the specification\'s suite: malformed and invalid modules are refused, all others accepted', t => {
  const suite = openSpecSuite()
  if (suite === undefined) {
    t.log(SPEC_ABSENT)
    t.pass()
    return
  }
  const counts = { refused: 0, accepted: 0, inFunctions: 0 }
  const wrong: string[] = []
  for (const script of suite.scripts) {
    for (const { type, line, filename, module_type: form, text } of script.commands) {
      if (filename === undefined || form === 'text') continue
      const bad = type === 'assert_invalid' || type === 'assert_malformed'
      const fault = faultOf(script.module(filename))
      const says = `${script.name}:${line} ${type} ${text ?? ''}: ${fault?.message ?? 'accepted'}`
      if (bad !== (fault !== undefined)) wrong.push(says)
      if (fault !== undefined && fault.offset > script.module(filename).length) wrong.push(`place outside the file: ${says}`)
      if (text === 'type mismatch' && fault !== undefined && !MISMATCH.test(fault.message)) wrong.push(`not in full: ${says}`)
      if (text === 'type mismatch' && fault?.functionIndex !== undefined) counts.inFunctions++
      counts[bad ? 'refused' : 'accepted']++
    }
  }
  suite.remove()
  t.log(`${counts.refused} modules refused, ${counts.accepted} accepted`)
  t.deepEqual(wrong, [])
  t.true(counts.refused > 2500 && counts.accepted > 1500 && counts.inFunctions > 1700)
})
