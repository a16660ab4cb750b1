import type { GuestText } from '../wasm/assemble.ts'

export const repeat = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(' ')
const LESS_ONE = '(i32.sub (local.get 0) (i32.const 1))'

/** A recursive function `$f` of `count` i64 locals that all live across the call, so that they take stack. */
const wide = (count: number): string => `(func $f (param i32) ${repeat(count, i => `(local $l${i} i64)`)}
  ${repeat(count, i => `(local.set $l${i} (i64.load offset=${i * 8} (i32.const 0)))`)}
  (if (local.get 0) (then (call $f ${LESS_ONE})))
  ${repeat(count, i => `(i64.store offset=${i * 8} (i32.const 0) (local.get $l${i}))`)})`

/** Ways to recurse; each defines `$f`, which calls itself as often as its argument says. */
export const RECURSIONS: Readonly<Record<string, string>> = {
  direct: `(func $f (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))))`,
  mutual: `(func $f (param i32) (if (local.get 0) (then (call $g ${LESS_ONE}))))
    (func $g (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))))`,
  indirect: `(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (type $t) (if (local.get 0) (then (call_indirect (type $t) ${LESS_ONE} (i32.const 0)))))`,
  'with 1,000 locals': wide(1000),
  'with 8,000 locals': wide(8000),
  'with a deep operand stack': `(func $f (param i32) (result i32)
    ${repeat(200, i => `(i32.load offset=${i * 4} (i32.const 0))`)}
    (if (local.get 0) (then (drop (call $f ${LESS_ONE})))) ${repeat(199, () => 'i32.add')})`,
  'with vectors': `(func $f (param i32) (local v128 v128 v128 v128)
    ${repeat(4, i => `(local.set ${i + 1} (v128.load offset=${i * 16} (i32.const 0)))`)}
    (if (local.get 0) (then (call $f ${LESS_ONE})))
    ${repeat(4, i => `(v128.store offset=${i * 16} (i32.const 0) (local.get ${i + 1}))`)})`,
  'above wide leaves': `(func $f (param i32) (if (local.get 0) (then (call $f ${LESS_ONE}))) (call $leaf))
    (func $leaf ${repeat(3000, () => '(local i64)')} (i64.store (i32.const 0) (local.get 2999)))`,
  'indirect and direct by turns': `(type $t (func (param i32) (result f64))) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (type $t) (if (result f64) (local.get 0)
      (then (f64.add (call $g ${LESS_ONE}) (f64.const 1))) (else (f64.const 0))))
    (func $g (param i32) (result f64) (if (result f64) (i32.and (local.get 0) (i32.const 1))
      (then (call $f (local.get 0))) (else (call_indirect (type $t) (local.get 0) (i32.const 0)))))`,
  'through host calls': `(func $f (param i32) (drop (call $look)) (if (local.get 0) (then (call $f ${LESS_ONE}) (drop (call $look)))))`,
  'with many parameters and results': `(func $f (param i32) (result i32) (local i64 f64)
      (call $many (local.get 0) (local.get 1) (local.get 2) (local.get 1) (local.get 2) (local.get 1) (local.get 1) (local.get 1))
      (drop) (drop) (drop) (i32.wrap_i64))
    (func $many (param i32 i64 f64 i64 f64 i64 i64 i64) (result i64 f64 i64 i32)
      (if (local.get 0) (then (local.set 1 (i64.extend_i32_u (call $f ${LESS_ONE})))))
      (local.get 1) (local.get 2) (local.get 3) (local.get 0))`,
  'in loops': `(func $f (param i32) (local i32)
    (loop (if (local.get 0) (then (call $f ${LESS_ONE})))
      (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 1)))))`,
}

const RESULT = /^\(func \$f \(param i32\) \(result|^\(type \$t \(func \(param i32\) \(result/

/** A guest that calls `$f` with the causes of its interrupt. */
export const guestFor = (recursion: string): GuestText => ({
  imports: '(import "ft" "timer_next" (func $look (result i32)))',
  fields: recursion,
  interrupt: `(call $f (local.get 0)) ${RESULT.test(recursion) ? 'drop' : ''}`,
})
