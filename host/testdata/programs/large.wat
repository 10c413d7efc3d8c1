;; A program that wants 17 pages.
(module
  (memory (export "memory") 17)
  (func (export "_start")))
