;; A memory and the ways to change it.
(module
  (memory (export "memory") 1)
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param $pages i32) (result i32) (memory.grow (local.get $pages)))
  (func (export "store") (param $at i32) (param $value i32) (i32.store8 (local.get $at) (local.get $value)))
  (func (export "load") (param $at i32) (result i32) (i32.load8_u (local.get $at)))
  (func (export "fill") (param $at i32) (param $value i32) (param $size i32)
    (memory.fill (local.get $at) (local.get $value) (local.get $size))))
