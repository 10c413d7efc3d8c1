;; A guest that can leave dirt wherever a guest can whose state can be put back, and can show it.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "test" "call_host" (func $call_host (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 7))
  (global $sum (mut i64) (i64.const -1))
  (global $ratio (mut f64) (f64.const 0.5))
  (global $half (mut f32) (f32.const 0.25))
  (data (i32.const 1024) "half a line")

  (func (export "_initialize")
    (global.set $count (i32.const 8))
    (memory.fill (i32.const 4096) (i32.const 9) (i32.const 100)))

  ;; writes n all over the memory and the globals
  (func (export "dirty") (param $n i32)
    (global.set $count (i32.add (global.get $count) (local.get $n)))
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (local.get $n))))
    (global.set $ratio (f64.mul (global.get $ratio) (f64.const 1.5)))
    (global.set $half (f32.add (global.get $half) (f32.const 1)))
    (memory.fill (i32.const 3000) (local.get $n) (i32.const 3000))
    (i32.store (i32.const 65532) (local.get $n)))
  ;; a digest of the globals
  (func (export "globals") (result i64)
    (i64.add
      (i64.add (i64.extend_i32_u (global.get $count)) (global.get $sum))
      (i64.add
        (i64.reinterpret_f64 (global.get $ratio))
        (i64.extend_i32_u (i32.reinterpret_f32 (global.get $half))))))
  ;; grows by so many pages, writes to the last byte, and returns what was there; -1 if it could not
  (func (export "grow") (param $pages i32) (result i32)
    (local $last i32)
    (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (return (i32.const -1))))
    (local.set $last (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1)))
    (i32.load8_u (local.get $last))
    (i32.store8 (local.get $last) (i32.const 1)))
  (func (export "size") (result i32) (memory.size))
  (func (export "trap") (unreachable))
  (func (export "call_host") (param i32) (result i32) (call $call_host (local.get 0)))
  ;; prints without an end of line
  (func (export "print") (result i32)
    (i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 11))
    (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80)))
  ;; the monotonic clock in nanoseconds
  (func (export "clock") (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
    (i64.load (i32.const 256)))
  (func (export "random") (result i64)
    (drop (call $random_get (i32.const 256) (i32.const 8)))
    (i64.load (i32.const 256))))
