;; One export for each way in which a guest can end, and some in which it does not.
(module
  (import "test" "call_host" (func $call_host (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $initialized (mut i32) (i32.const 0))
  (data (i32.const 1024) "to stdout\nto stdout")
  (data (i32.const 1056) "to stderr\n")

  (func (export "_initialize") (global.set $initialized (i32.const 1)))
  (func (export "initialized") (result i32) (global.get $initialized))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "nothing"))
  (func $inner (unreachable))
  (func $outer (export "trap") (call $inner))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)))
  (func (export "recurse") (param i32) (result i32) (call $deeper (local.get 0)))
  (func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
  (func (export "call_host") (param i32) (result i32) (call $call_host (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "pointer") (param $size i32) (result i32) (i32.load (i32.const 0))) ;; what the test put there
  (func (export "print") (result i32)
    (i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 19))
    (i32.store (i32.const 72) (i32.const 1056)) (i32.store (i32.const 76) (i32.const 10))
    (i32.or
      (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80))
      (call $fd_write (i32.const 2) (i32.const 72) (i32.const 1) (i32.const 80))))
  ;; sleeps that many nanoseconds
  (func (export "sleep") (param $nanos i64) (result i32)
    (memory.fill (i32.const 128) (i32.const 0) (i32.const 48))
    (i32.store (i32.const 144) (i32.const 1)) ;; the monotonic clock
    (i64.store (i32.const 152) (local.get $nanos))
    (call $poll_oneoff (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 224)))
  ;; writes 8 random bytes to 256
  (func (export "random") (result i32) (call $random_get (i32.const 256) (i32.const 8)))
  ;; writes a clock to 256
  (func (export "clock") (param i32) (result i32) (call $clock_time_get (local.get 0) (i64.const 1) (i32.const 256)))
  ;; the errno for asking about the first directory: 8 (EBADF) if there is none
  (func (export "directory") (result i32) (call $fd_prestat_get (i32.const 3) (i32.const 256)))
  ;; writes the number and size of environment variables to 256 and 260
  (func (export "environment") (result i32) (call $environ_sizes_get (i32.const 256) (i32.const 260)))
  ;; writes the number and size of arguments to 256 and 260, and the arguments to 512
  (func (export "arguments") (result i32)
    (i32.or
      (call $args_sizes_get (i32.const 256) (i32.const 260))
      (call $args_get (i32.const 264) (i32.const 512)))))
