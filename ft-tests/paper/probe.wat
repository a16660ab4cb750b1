;; The guest of the paper tests: TCP port 7, one command a byte. Everything it answers depends on what it has seen.
;;   +  counts, answers the count as a digit pair        m  answers the monotonic clock, 8 bytes (f64)
;;   w  answers the wall clock, 8 bytes (f64)            r  draws 8 random bytes and answers them
;;   k  answers 8 random bytes drawn at the first k      t  sets a timer of 10 ms; answers T when it expires
;;   l  runs 100,000 loop iterations, answers L          q  asks for events until one comes, answers how often (i32)
;;   p  lets a timer of 1 ms interrupt 100,000 iterations; answers where it came and how many came (2 x i32)
;;   x  traps                                            o  powers off with code 9
(module
  (import "ft" "net_listen" (func $listen (param i32) (result i32)))
  (import "ft" "net_events" (func $events (param i32 i32) (result i32)))
  (import "ft" "net_recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "ft" "net_send" (func $send (param i32 i32 i32) (result i32)))
  (import "ft" "clock_wall" (func $wall (result f64)))
  (import "ft" "clock_monotonic" (func $monotonic (result f64)))
  (import "ft" "timer_set" (func $timer_set (param i32 f64) (result i32)))
  (import "ft" "timer_next" (func $timer_next (result i32)))
  (import "ft" "preempt" (func $preempt (param i32) (result i32)))
  (import "ft" "entropy" (func $entropy (param i32 i32) (result i32)))
  (import "ft" "power_off" (func $power_off (param i32)))
  (memory (export "memory") 2)
  (global $count (mut i32) (i32.const 0))
  (global $kept (mut i32) (i32.const 0))
  (global $timer_conn (mut i32) (i32.const 0))
  (global $i (mut i32) (i32.const 0))

  (func (export "ft_start")
    (drop (call $listen (i32.const 7))))

  (func (export "ft_interrupt") (param $causes i32)
    (if (i32.and (local.get $causes) (i32.const 2)) (then (call $timers)))
    (if (i32.and (local.get $causes) (i32.const 1)) (then (call $network))))

  ;; Timer 0 answers T; timer 1 notes at 3000 how far the interrupted loop has come, and at 3004 how often it was so.
  (func $timers (local $timer i32)
    (loop $more
      (local.set $timer (call $timer_next))
      (if (i32.eqz (local.get $timer)) (then
        (i32.store8 (i32.const 2100) (i32.const 84))
        (drop (call $send (global.get $timer_conn) (i32.const 2100) (i32.const 1)))))
      (if (i32.eq (local.get $timer) (i32.const 1)) (then
        (i32.store (i32.const 3000) (global.get $i))
        (i32.store (i32.const 3004) (i32.add (i32.load (i32.const 3004)) (i32.const 1)))))
      (br_if $more (i32.ge_s (local.get $timer) (i32.const 0)))))

  (func $network
    (block $none
      (loop $more
        (br_if $none (i32.le_s (call $events (i32.const 0) (i32.const 1)) (i32.const 0)))
        (if (i32.eq (i32.load (i32.const 0)) (i32.const 2)) (then (call $data (i32.load (i32.const 4)))))
        (br $more))))

  (func $data (param $conn i32)
    (block $none
      (loop $more
        (br_if $none (i32.le_s (call $recv (local.get $conn) (i32.const 1024) (i32.const 1)) (i32.const 0)))
        (call $command (local.get $conn) (i32.load8_u (i32.const 1024)))
        (br $more))))

  (func $answer (param $conn i32) (param $length i32)
    (drop (call $send (local.get $conn) (i32.const 2048) (local.get $length))))

  (func $spin
    (global.set $i (i32.const 0))
    (loop $more
      (global.set $i (i32.add (global.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (global.get $i) (i32.const 100000)))))

  (func $command (param $conn i32) (param $name i32)
    (if (i32.eq (local.get $name) (i32.const 43)) (then ;; +
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (i32.store8 (i32.const 2048) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (global.get $count) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 2049) (i32.add (i32.const 48) (i32.rem_u (global.get $count) (i32.const 10))))
      (call $answer (local.get $conn) (i32.const 2))))
    (if (i32.eq (local.get $name) (i32.const 109)) (then ;; m
      (f64.store (i32.const 2048) (call $monotonic))
      (call $answer (local.get $conn) (i32.const 8))))
    (if (i32.eq (local.get $name) (i32.const 119)) (then ;; w
      (f64.store (i32.const 2048) (call $wall))
      (call $answer (local.get $conn) (i32.const 8))))
    (if (i32.eq (local.get $name) (i32.const 114)) (then ;; r
      (drop (call $entropy (i32.const 2048) (i32.const 8)))
      (call $answer (local.get $conn) (i32.const 8))))
    (if (i32.eq (local.get $name) (i32.const 107)) (then ;; k
      (if (i32.eqz (global.get $kept)) (then
        (drop (call $entropy (i32.const 2200) (i32.const 8)))
        (global.set $kept (i32.const 1))))
      (i64.store (i32.const 2048) (i64.load (i32.const 2200)))
      (call $answer (local.get $conn) (i32.const 8))))
    (if (i32.eq (local.get $name) (i32.const 116)) (then ;; t
      (global.set $timer_conn (local.get $conn))
      (drop (call $timer_set (i32.const 0) (f64.const 10000)))))
    (if (i32.eq (local.get $name) (i32.const 108)) (then ;; l
      (call $spin)
      (i32.store8 (i32.const 2048) (i32.const 76))
      (call $answer (local.get $conn) (i32.const 1))))
    (if (i32.eq (local.get $name) (i32.const 113)) (then ;; q
      (global.set $i (i32.const 0))
      (loop $more
        (global.set $i (i32.add (global.get $i) (i32.const 1)))
        (br_if $more (i32.eqz (call $events (i32.const 0) (i32.const 1)))))
      (i32.store (i32.const 2048) (global.get $i))
      (call $answer (local.get $conn) (i32.const 4))))
    (if (i32.eq (local.get $name) (i32.const 112)) (then ;; p
      (i64.store (i32.const 3000) (i64.const 0))
      (drop (call $timer_set (i32.const 1) (f64.const 1000)))
      (drop (call $preempt (i32.const 2)))
      (call $spin)
      (drop (call $preempt (i32.const 0)))
      (i64.store (i32.const 2048) (i64.load (i32.const 3000)))
      (call $answer (local.get $conn) (i32.const 8))))
    (if (i32.eq (local.get $name) (i32.const 120)) (then (unreachable)))
    (if (i32.eq (local.get $name) (i32.const 111)) (then (call $power_off (i32.const 9))))))
