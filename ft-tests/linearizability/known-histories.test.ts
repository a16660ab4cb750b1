import test from 'ava'
import { checkObject } from './checker.ts'
import { isLinearizable } from './brute-force.ts'
import { parseHistory } from './history-notation.ts'
import { kvModel, NOT_AN_INTEGER } from './kv-model.ts'

type Known = { readonly good: boolean; readonly programOrder?: boolean; readonly picture: string }

const KNOWN: Readonly<Record<string, Known>> = {
  'an empty history': { good: true, picture: '' },
  'calls one after the other': { good: true, picture: '[set 1][get 1][incr 2][append 7 2][get 27]' },
  'a missing key reads nil, counts from 0, appends to nothing': { good: true, picture: '[get nil][incr 1]' },
  'a read during a write may see the old value': { good: true, picture: `
    [set 1][set 2      ]
              [get 1]` },
  'a read during a write may see the new value': { good: true, picture: `
    [set 1][set 2      ]
              [get 2]` },
  'two reads during a write may straddle it': { good: true, picture: `
    [set 1][set 2              ]
              [get 1] [get 2]` },
  'once a read saw the new value, a later one may not see the old': { good: false, picture: `
    [set 1][set 2              ]
              [get 2] [get 1]` },
  'readers at two clients must agree on the order of two writes': { good: false, picture: `
    [set 1         ]
    [set 2         ]
                     [get 1]
                             [get 2]` },
  'two concurrent writes may land in either order': { good: true, picture: `
    [set 1         ]
      [set 2    ]
                     [get 1][get 1]` },
  'a stale read': { good: false, picture: `
    [set 1] [set 2]
                    [get 1]` },
  'a lost write': { good: false, picture: '[set 1] [get nil]' },
  'a value that nobody wrote': { good: false, picture: '[set 1] [get 3]' },
  'a write seen before it was made': { good: false, picture: `
              [set 1]
     [get 1]` },
  'concurrent increments give different numbers': { good: true, picture: `
    [incr 2   ]
      [incr 1   ]` },
  'an increment told twice': { good: false, picture: `
    [incr 1   ]
      [incr 1   ]` },
  'an increment made twice': { good: false, picture: '[incr 1] [incr 3]' },
  'an increment lost': { good: false, picture: '[incr 1][incr 2] [get 1]' },
  'increments against their real order': { good: false, picture: `
    [incr 2]
             [incr 1]` },
  'appends in either order while they overlap': { good: true, picture: `
    [append a 2  ]
      [append b 1  ]
                     [get ba]` },
  'reordered appends: the lengths tell': { good: false, picture: `
    [append a 1  ]
      [append b 2  ]
                     [get ba]` },
  'reordered appends: the times tell': { good: false, picture: '[append a 1][append b 2][get ba]' },
  'an append made twice': { good: false, picture: '[append a 1][get aa]' },
  'a call without an answer may have happened': { good: true, picture: `
    [incr >
             [get 1]` },
  'a call without an answer may never have happened': { good: true, picture: `
    [incr >
             [get nil]` },
  'a call without an answer may happen late': { good: true, picture: `
    [set 7 >
             [get nil] [incr 1] [get 7]` },
  'a call without an answer happens once': { good: false, picture: `
    [set 7 >
             [get 7] [set 8] [get 7]` },
  'a call without an answer does not come undone': { good: false, picture: `
    [incr >
             [get 1] [get nil]` },
  'two appends without answers in either order': { good: true, picture: `
    [append a >
    [append b >
                [get b] [get ba]` },
  'a read without an answer says nothing': { good: true, picture: `
    [get >
           [set 1] [get 1]` },
}

for (const [name, { good, picture }] of Object.entries(KNOWN)) {
  test(`${good ? 'accepts' : 'refuses'}: ${name}`, (t) => {
    const history = parseHistory(picture)
    t.is(checkObject(kvModel, history).verdict, good ? 'linearizable' : 'illegal')
    t.is(isLinearizable(kvModel, history), good, 'the brute-force twin agrees')
  })
}

test('pipelined calls of one client take effect in its order only when asked to', (t) => {
  const call = (value: string, invoke: number) => ({
    client: 0, input: { op: 'SET', key: 'k', value } as const, output: 'OK', invoke, return: 10 + invoke,
  })
  const read = { client: 1, input: { op: 'GET', key: 'k' } as const, output: '1', invoke: 20, return: 21 }
  const history = [call('1', 0), call('2', 1), read]
  t.is(checkObject(kvModel, history).verdict, 'linearizable')
  t.is(checkObject(kvModel, history, { programOrder: true }).verdict, 'illegal')
})

test('with program order a later call cannot have happened without an earlier one', (t) => {
  const open = (value: string, invoke: number) => ({
    client: 0, input: { op: 'APPEND', key: 'k', value } as const, output: undefined, invoke, return: Infinity,
  })
  const read = { client: 1, input: { op: 'GET', key: 'k' } as const, output: 'b', invoke: 20, return: 21 }
  const history = [open('a', 0), open('b', 1), read]
  t.is(checkObject(kvModel, history).verdict, 'linearizable')
  t.is(checkObject(kvModel, history, { programOrder: true }).verdict, 'illegal')
})

test('INCR on a value that is no integer answers an error and changes nothing', (t) => {
  const input = { op: 'INCR', key: 'k' } as const
  const incr = (output: { error: string } | number) => ({ client: 0, input, output, invoke: 20, return: 21 })
  const before = parseHistory('[set x]')
  t.is(checkObject(kvModel, [...before, incr({ error: NOT_AN_INTEGER })]).verdict, 'linearizable')
  t.is(checkObject(kvModel, [...before, incr({ error: 'ERR something else' })]).verdict, 'illegal')
  t.is(checkObject(kvModel, [...before, incr(1)]).verdict, 'illegal')
})

test('an illegal result names the call that fits nowhere', (t) => {
  const history = parseHistory('[set 1] [set 2] [get 1] [set 3]')
  const result = checkObject(kvModel, history)
  t.is(result.verdict, 'illegal')
  if (result.verdict === 'illegal') {
    t.is(result.stuck, history[2])
    t.is(result.ordered, 2)
  }
})
