;; A global of which wazero shows half.
(module (memory (export "memory") 1) (global (mut v128) (v128.const i64x2 1 2)))
