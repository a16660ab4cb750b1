/** The raw imports of ABI `ft`, exactly as `guest-images/ABI.md` lists them. Guests use the wrappers beside this file. */

// @ts-ignore: decorator
@external('ft', 'net_listen') export declare function net_listen(port: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_connect') export declare function net_connect(hostPtr: usize, hostLen: i32, port: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_events') export declare function net_events(ptr: usize, max: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_recv') export declare function net_recv(conn: i32, ptr: usize, cap: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_send') export declare function net_send(conn: i32, ptr: usize, len: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_end') export declare function net_end(conn: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_close') export declare function net_close(conn: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_reset') export declare function net_reset(conn: i32): i32
// @ts-ignore: decorator
@external('ft', 'net_peer') export declare function net_peer(conn: i32, ptr: usize, cap: i32): i32

// @ts-ignore: decorator
@external('ft', 'clock_wall') export declare function clock_wall(): f64
// @ts-ignore: decorator
@external('ft', 'clock_monotonic') export declare function clock_monotonic(): f64
// @ts-ignore: decorator
@external('ft', 'timer_set') export declare function timer_set(timer: i32, delayUs: f64): i32
// @ts-ignore: decorator
@external('ft', 'timer_cancel') export declare function timer_cancel(timer: i32): i32
// @ts-ignore: decorator
@external('ft', 'timer_next') export declare function timer_next(): i32
// @ts-ignore: decorator
@external('ft', 'preempt') export declare function preempt(causes: i32): i32
// @ts-ignore: decorator
@external('ft', 'entropy') export declare function entropy(ptr: usize, len: i32): i32

// @ts-ignore: decorator
@external('ft', 'console_write') export declare function console_write(ptr: usize, len: i32): i32
// @ts-ignore: decorator
@external('ft', 'console_read') export declare function console_read(ptr: usize, cap: i32): i32
// @ts-ignore: decorator
@external('ft', 'args') export declare function args(ptr: usize, cap: i32): i32
// @ts-ignore: decorator
@external('ft', 'power_off') export declare function power_off(code: i32): void
