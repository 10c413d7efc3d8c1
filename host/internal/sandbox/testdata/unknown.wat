;; Imports what nobody has.
(module (import "env" "unknown" (func)) (memory (export "memory") 1))
