;; A guest that can change its table.
(module
  (memory (export "memory") 1)
  (table 2 funcref)
  (func $f)
  (elem (i32.const 0) func $f)
  (func (export "change") (table.set 0 (i32.const 1) (table.get 0 (i32.const 0)))))
