;; A program that returns.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
