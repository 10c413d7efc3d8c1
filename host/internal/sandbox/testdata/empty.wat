;; A memory of no bytes cannot be made that small again.
(module (memory (export "memory") 0))
