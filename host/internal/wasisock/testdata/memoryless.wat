;; A program without a memory.
(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (func (export "sock_open") (param i32 i32 i32) (result i32)
    (call $open (local.get 0) (local.get 1) (local.get 2))))
