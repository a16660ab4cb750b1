import { cold, hot, jump } from './form.ts'
import type { Instruction } from './form.ts'

/**
 * Control. A frame's registers count from `fp`: parameters and results below it, then two linkage slots (return address,
 * caller's fp, stack bytes left to this call), and from `fp` up locals and operands. A call's `n` says how
 * many slots above the caller's fp the callee's lies.
 */
const push = 'const to = fp + (<usize>$n << 3); store<u32>(to - 16, pc + LENGTH); store<u32>(to - 12, fp);'
const passBudget = (bytes: string): string => `store<i32>(to - 8, ${bytes});`
const less = 'load<i32>(fp - 8) - $i'

const calls: Instruction[] = [
  // Nothing below this callee looks at the stack budget.
  hot('call', 'nt', `${push} fp = to; JUMP($t);`),
  hot('call_deep', 'nti', `${push} ${passBudget(less)} fp = to; JUMP($t);`),
  // From outside, with a budget of its own.
  hot('call_outer', 'nti', `${push} ${passBudget('$i')} fp = to; JUMP($t);`),
  // A recursive function known at translation: its check and tick (see `enter`) are done here, and the target lies behind them.
  hot('call_recursive', 'ntij', `${push} const budget = ${less}; ${passBudget('budget')}
    const need: i32 = $j; fp = to; pc = $t; if (budget < need) TRAP(stack); TICK; continue;`),
  hot('enter', 'i', 'if (load<i32>(fp - 8) < $i) TRAP(stack); pc += LENGTH; TICK; continue;'),
  hot('return', '', 'pc = load<u32>(fp - 16); fp = load<u32>(fp - 12); continue;'),
  hot('return_one', 'da', '$d.u64 = $a.u64; pc = load<u32>(fp - 16); fp = load<u32>(fp - 12); continue;'),
  // `i` is the table's descriptor, `j` the key of the type in this instance, `w` the frame's bytes; `k` is unused by the core.
  hot('call_indirect', 'ankijw', `const index = $a.u32; const table: usize = $i; if (index >= load<u32>(table, 4)) TRAP(table);
    const callee: usize = load<u32>(load<u32>(table) + (index << 2)); if (callee == 0) TRAP(indirectCall);
    if (load<u32>(callee, 4) != $j) OUTSIDE;
    ${push} ${passBudget('load<i32>(fp - 8) - $w')} fp = to; JUMP(load<u32>(callee));`),
  // Arguments lie from register `a` on, `k` slots; `n` slots above the old ones' start lies the callee's fp, and
  // `b` says where that start is.
  hot('return_call', 'abnkt', `const back = load<u64>(fp - 16); const budget = load<i32>(fp - 8);
    MOVE_DOWN fp = to; JUMP($t);`),
  hot('return_call_indirect', 'abcnkij', `const index = $c.u32; const table: usize = $i;
    if (index >= load<u32>(table, 4)) TRAP(table);
    const callee: usize = load<u32>(load<u32>(table) + (index << 2)); if (callee == 0) TRAP(indirectCall);
    if (load<u32>(callee, 4) != $j) OUTSIDE;
    const back = load<u64>(fp - 16); const budget = load<i32>(fp - 8); MOVE_DOWN fp = to; JUMP(load<u32>(callee));`),
]

const jumps: Instruction[] = [
  jump('br', 't', 'pc = $t;'),
  jump('br_tick', 't', 'pc = $t; TICK;'),
  hot('tick', '', 'pc += LENGTH; TICK; continue;'),
  // The targets follow, the default last; `i` is how many come before it.
  hot('br_table', 'ai', `const index = $a.u32; const last: u32 = $i;
    JUMP(load<u32>(pc + LENGTH + (<usize>(index < last ? index : last) << 2)));`),
  hot('unreachable', '', 'TRAP(unreachable);'),
]

const moves: Instruction[] = [
  hot('copy', 'da', '$d.u64 = $a.u64;'),
  // An f32 is written as four bytes; reading eight would wait for the store.
  hot('copy32', 'da', '$d.b32 = $a.u32;'),
  hot('copy128', 'da', 'const low = $a.u64; const high = load<u64>($a, 8); $d.u64 = low; store<u64>($d, high, 8);'),
  hot('const32', 'di', '$d.u64 = <u64>$i.u32;'),
  hot('const64', 'dl', '$d.u64 = $l;'),
  hot('zero', 'dn', 'for (let at = $d, end = $d + (<usize>$n << 3); at < end; at += 8) store<u64>(at, 0);'),
  hot('select', 'dabc', '$d.u64 = load<u64>($c.u32 != 0 ? $a : $b);'),
  hot('select32', 'dabc', '$d.b32 = load<u32>($c.u32 != 0 ? $a : $b);'),
  cold('select128', 'dabc', 'const from = $c.u32 != 0 ? $a : $b; const low = load<u64>(from); const high = load<u64>(from, 8);\n' +
    '$d.u64 = low; store<u64>($d, high, 8);'),
  hot('global.get', 'di', '$d.u64 = load<u64>($i);'),
  hot('global.get32', 'di', '$d.b32 = load<u32>($i);'),
  hot('global.get128', 'di', 'const at: usize = $i; $d.u64 = load<u64>(at); store<u64>($d, load<u64>(at, 8), 8);'),
  hot('global.set', 'ai', 'store<u64>($i, $a.u64);'),
  hot('global.set32', 'ai', 'store<u32>($i, $a.u32);'),
  hot('global.set128', 'ai', 'const at: usize = $i; store<u64>(at, $a.u64); store<u64>(at, load<u64>($a, 8), 8);'),
]

/** `i` is the table's descriptor: address of its entries, then their number. An entry is a reference: u32, 0 for null. */
const tables: Instruction[] = [
  hot('table.get', 'dai', `const index = $a.u32; const table: usize = $i; if (index >= load<u32>(table, 4)) TRAP(table);
    $d.u32 = load<u32>(load<u32>(table) + (index << 2));`),
  hot('table.set', 'abi', `const index = $a.u32; const table: usize = $i; if (index >= load<u32>(table, 4)) TRAP(table);
    store<u32>(load<u32>(table) + (index << 2), $b.u32);`),
  hot('table.size', 'di', '$d.u32 = load<u32>($i, 4);'),
]

/** What the TypeScript side does: the core stops in front of them. */
const outside: Instruction[] = [
  // Function `i` of the host; arguments lie from register `a` on, and results are put there.
  hot('host', 'ai', 'OUTSIDE;'),
  // A call of another instance's function, whose descriptor is `i`, and the way back from it.
  hot('cross_call', 'i', 'OUTSIDE;'), hot('cross_return', 'i', 'OUTSIDE;'),
  // The frame that entered from outside has come back.
  hot('done', '', 'OUTSIDE;'),
  hot('memory.grow', 'dai', 'OUTSIDE;'), hot('memory.init', 'abci', 'OUTSIDE;'), hot('data.drop', 'i', 'OUTSIDE;'),
  hot('table.grow', 'dabi', 'OUTSIDE;'), hot('table.fill', 'abci', 'OUTSIDE;'), hot('table.copy', 'abcij', 'OUTSIDE;'),
  hot('table.init', 'abcij', 'OUTSIDE;'), hot('elem.drop', 'i', 'OUTSIDE;'),
]

export const controlInstructions: readonly Instruction[] = [...calls, ...jumps, ...moves, ...tables, ...outside]
