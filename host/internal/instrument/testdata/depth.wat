;; Functions that call themselves a number of times and come back by all ways there are.
(module
  (type $step (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $indirect)

  (func $end (export "end") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $end (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $return (export "return") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return (i32.add (i32.const 1) (call $return (i32.sub (local.get 0) (i32.const 1))))))
  (func $return_in_loop (export "return_in_loop") (param i32) (result i32)
    (loop
      (block
        (br_if 0 (local.get 0))
        (return (i32.const 0)))
      (return (i32.add (i32.const 1) (call $return_in_loop (i32.sub (local.get 0) (i32.const 1))))))
    unreachable)
  (func $br (export "br") (param i32) (result i32)
    (block
      (br_if 0 (local.get 0))
      (br 1 (i32.const 0)))
    (i32.add (i32.const 1) (call $br (i32.sub (local.get 0) (i32.const 1)))))
  (func $br_if (export "br_if") (param i32) (result i32)
    (drop (br_if 0 (i32.const 0) (i32.eqz (local.get 0))))
    (i32.add (i32.const 1) (call $br_if (i32.sub (local.get 0) (i32.const 1)))))
  (func $br_table (export "br_table") (param i32) (result i32)
    (block
      (block (br_table 0 1 (local.get 0)))
      (return (i32.const 0)))
    (br 0 (i32.add (i32.const 1) (call $br_table (i32.sub (local.get 0) (i32.const 1))))))
  (func $indirect (export "indirect") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
      (else (i32.const 0))))
  (func $many (param i32) (result i32 i64 i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0) (i64.const 7) (i32.const 9))))
    (call $many (i32.sub (local.get 0) (i32.const 1)))
    drop drop
    i32.const 1
    i32.add
    i64.const 7
    i32.const 9)
  (func (export "many") (param i32) (result i32) (call $many (local.get 0)) drop drop)
  (func $nothing (param i32)
    (if (i32.eqz (local.get 0)) (then return))
    (call $nothing (i32.sub (local.get 0) (i32.const 1))))
  (func (export "nothing") (param i32) (result i32) (call $nothing (local.get 0)) (local.get 0))
  (func $wide (export "wide") (param i32) (result i32)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $wide (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
)
