;; A function that calls as Go's compiler does, and functions that it can call. Global 0 is the stack pointer.
(module
  (memory (export "memory") 1 1)
  (table 8 funcref)
  (elem (i32.const 0) $returns $unwinds $moves $grows)
  (global $sp (mut i32) (i32.const 0))
  (global $mode (mut i32) (i32.const 0))
  (global $trace (mut i64) (i64.const 0))
  (func (export "prepare") (param i32 i32) ;; the stack pointer, and which function is called
    local.get 0
    global.set $sp
    local.get 1
    global.set $mode
    i64.const 0
    global.set $trace)
  (func (export "trace") (result i64) global.get $trace)
  (func (export "pointer") (result i32) global.get $sp)

  (func $pop ;; what returning does
    global.get $sp
    i32.const 8
    i32.add
    global.set $sp)
  (func $returns (param i32) (result i32)
    (global.set $trace (i64.add (global.get $trace) (i64.load (i32.add (global.get $sp) (i32.const 8)))))
    call $pop
    i32.const 0)
  (func $unwinds (param i32) (result i32)
    i32.const 1)
  (func $moves (param i32) (result i32) ;; the stack, with what is on it
    (memory.copy (i32.add (global.get $sp) (i32.const 512)) (global.get $sp) (i32.const 256))
    (global.set $sp (i32.add (global.get $sp) (i32.const 512)))
    call $pop
    i32.const 0)
  (func $grows (param i32) (result i32)
    unreachable)
  (func $panics (param i32) (result i32) ;; sigpanic
    (global.set $trace (i64.const -1))
    i32.const 1)

  (func (export "run") (param i32) (result i32) (local i32 i64 i64 i64)
    global.get 0
    local.set 1
    block
      loop
        block block block block
          local.get 0
          br_table 0 0 1 1 2 3
        end
          ;; The stack is grown below 4096.
          local.get 1
          i32.const 4096
          i32.le_u
          if
            local.get 1
            i32.const 8
            i32.sub
            local.tee 1
            global.set 0
            local.get 1
            i64.const 65536
            i64.store
            i32.const 0
            call $unwinds
            global.get 0
            local.set 1
            br_if 5
          end
          ;; Before the prologue the stack pointer is another.
          local.get 1
          i64.load offset=8
          global.set $trace
          local.get 1
          i32.const 64
          i32.sub
          local.tee 1
          global.set 0
          ;; A nil check of the argument.
          local.get 1
          i64.load offset=72
          local.tee 2
          i64.eqz
          if
            local.get 1
            i32.const 8
            i32.sub
            local.tee 1
            global.set 0
            local.get 1
            i64.const 65537
            i64.store
            i32.const 0
            call $panics
            global.get 0
            local.set 1
            br_if 5
          end
          local.get 1
          local.get 2
          i64.store offset=40
          local.get 1
          local.get 2
          i64.const 1
          i64.add
          i64.store offset=0
          local.get 1
          i64.extend_i32_u
          i64.const 16
          i64.add
          i32.wrap_i64
          i64.const 5
          i64.store
          i64.const 0
          global.get $mode
          i64.extend_i32_u
          i64.const 16
          i64.shl
          i64.add
          local.get 1
          i32.const 8
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 65538
          i64.store
          i64.const 16
          i64.shr_u
          i32.wrap_i64
          local.set 0
          i32.const 0
          local.get 0
          call_indirect (param i32) (result i32)
          global.get 0
          local.set 1
          br_if 4
        end
          local.get 1
          i64.load offset=40
          local.get 1
          i64.load offset=16
          i64.add
          local.set 3
          local.get 1
          i32.const 8
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 65540
          i64.store
          i32.const 0
          call $returns
          global.get 0
          local.set 1
          br_if 3
        end
          local.get 1
          i64.load offset=40
          i64.const 20
          i64.gt_s
          if
            i32.const 5
            local.set 0
            br 2
          end
          local.get 1
          local.get 1
          i64.load offset=40
          i64.const 7
          i64.add
          i64.store offset=40
          i32.const 2
          local.set 0
          br 1
        end
          local.get 1
          local.get 1
          i64.load offset=40
          i64.store offset=80
          local.get 1
          i32.const 64
          i32.add
          local.tee 1
          global.set 0
          local.get 1
          i32.const 8
          i32.add
          local.tee 1
          global.set 0
          i32.const 0
          return
      end
      unreachable
    end
    i32.const 1)
)
