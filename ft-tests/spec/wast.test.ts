import test from 'ava'
import { splitForms, stringBytes } from './s-expression.ts'
import { readWast } from './wast.ts'

test('a script splits into forms with their lines; parentheses in strings and comments mean nothing', t => {
  const forms = splitForms('(a "(\\")" b) ;; (c\n(; (; ) ;)\n ;)(d\n (e))')
  t.deepEqual(forms.map(form => [form.line, form.text]), [[1, '(a "(\\")" b)'], [3, '(d\n (e))']])
  t.deepEqual(forms[0].items.map(item => [item.kind, item.text]), [['word', 'a'], ['string', '"(\\")"'], ['word', 'b']])
  t.is(forms[1].items[1].line, 4)
})

test('what is not well formed is said with its line', t => {
  const fault = (source: string): string => (t.throws(() => splitForms(source), { instanceOf: SyntaxError }) as Error).message
  t.is(fault('(a\n(b)'), 'line 2: found a "(" of line 1 that nothing closes')
  t.is(fault('(a))'), 'line 1: found a ")" that closes nothing')
  t.is(fault('\n(; (; ;)'), 'line 2: found a comment without an end')
  t.is(fault('"a'), 'line 1: found """ that begins nothing')
})

test('a string literal is bytes', t => {
  t.deepEqual([...stringBytes('"a\\00\\ff\\n\\"\\u{e9}é"')], [0x61, 0, 0xff, 10, 0x22, 0xc3, 0xa9, 0xc3, 0xa9])
})

test('commands come out as the converter writes them', t => {
  const { commands, module } = readWast('x', `
    (module $m (func (export "f") (param f32 v128) (result i64) (i64.const 1)))
    (register "M" $m)
    (assert_return (invoke $m "f" (f32.const -0x1p-1) (v128.const i16x8 0 1 2 3 4 5 6 -1)) (i64.const -1))
    (assert_return (invoke "f") (f32.const nan:canonical) (v128.const f64x2 nan:arithmetic 1) (ref.null func) (ref.extern 3))
    (assert_trap (invoke "f") "integer overflow")
    (assert_trap (module (func)) "unreachable")
    (assert_malformed (module quote "(fu" "nc") ") unexpected")
    (assert_malformed (module binary "\\00asm") "unexpected end")
    (get $m "g")`)
  t.deepEqual(commands.map(({ type, line }) => `${line} ${type}`), [
    '2 module', '3 register', '4 assert_return', '5 assert_return', '6 assert_trap', '7 assert_uninstantiable',
    '8 assert_malformed', '9 assert_malformed', '10 action',
  ])
  t.is(commands[0].name, '$m')
  t.deepEqual([commands[1].as, commands[1].name], ['M', '$m'])
  t.deepEqual(commands[2].action, {
    type: 'invoke', module: '$m', field: 'f',
    args: [
      { type: 'f32', value: String(0xbf000000) },
      { type: 'v128', lane_type: 'i16', value: ['0', '1', '2', '3', '4', '5', '6', '65535'] },
    ],
  })
  t.deepEqual(commands[2].expected, [{ type: 'i64', value: '18446744073709551615' }])
  t.deepEqual(commands[3].expected, [
    { type: 'f32', value: 'nan:canonical' },
    { type: 'v128', lane_type: 'f64', value: ['nan:arithmetic', String(0x3ff0n << 48n)] },
    { type: 'funcref', value: 'null' }, { type: 'externref', value: '3' },
  ])
  t.is(commands[4].text, 'integer overflow')
  t.is(commands[6].module_type, 'text')
  t.is(new TextDecoder().decode(module(commands[6].filename as string)), '(func')
  t.deepEqual([...module(commands[7].filename as string)], [0, 0x61, 0x73, 0x6d])
  t.deepEqual(commands[8].action, { type: 'get', module: '$m', field: 'g', args: [] })
})
