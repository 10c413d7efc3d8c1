;; One export for each way not to return, and one that does what it is asked to.
(module
  (import "test" "call_host" (func $call_host (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (table 1 funcref)
  (elem (i32.const 0) $indirect)
  (global $counter (mut i32) (i32.const 0))
  (data (i32.const 64) "\00\04\00\00\10\00\00\00")     ;; an iov: 16 bytes at 1024
  (data (i32.const 1024) "again and again\n")

  (func (export "loop") (loop (br 0)))
  (func (export "conditional") (loop (br_if 0 (i32.const 1))))
  (func (export "table") (loop $again (block $out (br_table $again $again $out (i32.const 7)) ) (br $again)))
  (func (export "nested")
    (local $i i32)
    (loop $outer
      (local.set $i (i32.const 10))
      (loop $inner
        (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br $outer)))
  (func $small)
  (func (export "calls") (loop (call $small) (br 0)))
  (func $deeper (export "recurse") (result i32) (i32.add (call $deeper) (i32.const 1)))
  (func $one (export "mutual") (result i32) (i32.add (call $other) (i32.const 1)))
  (func $other (result i32) (i32.sub (call $one) (i32.const 1)))
  (func $indirect (export "indirect") (call_indirect (i32.const 0)) (global.set $counter (i32.const 1)))
  ;; twice as many calls with each level: it is not deep, but there is no end to it
  (func $tree (export "tree") (param $depth i32)
    (if (local.get $depth) (then
      (call $tree (i32.sub (local.get $depth) (i32.const 1)))
      (call $tree (i32.sub (local.get $depth) (i32.const 1))))))
  (func (export "fill") (loop (memory.fill (i32.const 65536) (i32.const 0) (i32.const 983040)) (br 0)))
  (func (export "copy") (loop (memory.copy (i32.const 65536) (i32.const 131072) (i32.const 917504)) (br 0)))
  (func (export "host") (loop (drop (call $call_host (i32.const 1))) (br 0)))
  (func (export "yield") (loop (drop (call $sched_yield)) (br 0)))
  (func (export "random") (loop (drop (call $random_get (i32.const 65536) (i32.const 983040))) (br 0)))
  (func (export "print") (loop (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80))) (br 0)))
  ;; sleeps for so many nanoseconds, once, and again and again
  (func $sleep (export "sleep") (param $nanos i64)
    (memory.fill (i32.const 128) (i32.const 0) (i32.const 48))
    (i32.store (i32.const 144) (i32.const 1)) ;; the monotonic clock
    (i64.store (i32.const 152) (local.get $nanos))
    (drop (call $poll_oneoff (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 224))))
  (func (export "sleeps") (param $nanos i64) (loop (call $sleep (local.get $nanos)) (br 0)))
  ;; asks the host once, and sleeps
  (func (export "host_once") (drop (call $call_host (i32.const 1))))

  ;; goes round as often as it is told
  (func (export "count") (param $n i64) (result i64)
    (local $i i64)
    (loop
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if 0 (i64.lt_u (local.get $i) (local.get $n))))
    (local.get $i))
  ;; nests as many calls as it is told
  (func $nest (export "nest") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $nest (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))
      (else (i32.const 1))))
  (func (export "trap") (unreachable))
  (func (export "grow_and_trap") (drop (memory.grow (i32.const 1))) (unreachable)))
