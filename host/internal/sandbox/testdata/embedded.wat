;; Imports what an embedder offers.
(module
  (import "env" "nothing" (func $nothing))
  (memory (export "memory") 1)
  (func (export "call") (call $nothing)))
