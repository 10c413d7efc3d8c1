;; A program that wants a function with a signature that it never had.
(module
  (import "wasi_snapshot_preview1" "sock_open" (func (param i64) (result i32)))
  (memory (export "memory") 1))
