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

  (func (export "result") (result i64) (i64.load (i32.add (global.get $sp) (i32.const 8))))
  (func $pop (export "pop") ;; what returning does
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

  ;; loops: calls in a loop in a loop, each of which can be resumed, and code that only what resumes it leads to
  (func (export "loops") (param i32) (result i32) (local i32)
    global.get 0
    local.set 1
    block
      loop
        block block block block block block block block block 
          local.get 0
          br_table 0 0 1 2 3 4 5 6 7 8
        end
          local.get 1
          i32.const 64
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 0
          i64.store offset=24
          local.get 1
          i64.const 0
          i64.store offset=40
        end ;; 1: the outer loop
          local.get 1
          local.get 1
          i64.load offset=24
          i64.const 1
          i64.add
          i64.store offset=24
          local.get 1
          i64.const 0
          i64.store offset=32
          local.get 1
          i32.const 8
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 65539
          i64.store
          i32.const 0
          call $returns
          global.get 0
          local.set 1
          br_if 8
        end ;; 2: resumed in the outer loop
          local.get 1
          local.get 1
          i64.load offset=40
          i64.const 1000
          i64.add
          i64.store offset=40
        end ;; 3: the inner loop
          local.get 1
          local.get 1
          i64.load offset=32
          i64.const 1
          i64.add
          i64.store offset=32
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
          i64.const 65541
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
          br_if 6
        end ;; 4: resumed in the inner loop
          local.get 1
          local.get 1
          i64.load offset=40
          i64.const 1
          i64.add
          i64.store offset=40
          local.get 1
          i32.const 8
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 65542
          i64.store
          i32.const 0
          call $returns
          global.get 0
          local.set 1
          br_if 5
        end ;; 5: resumed at its end
          local.get 1
          local.get 1
          i64.load offset=40
          i64.const 10
          i64.add
          i64.store offset=40
          local.get 1
          i64.load offset=32
          i64.const 3
          i64.lt_u
          if
            i32.const 4
            local.set 0
            br 4
          end
          local.get 1
          i64.load offset=24
          i64.const 2
          i64.lt_u
          if
            i32.const 2
            local.set 0
            br 4
          end
        end ;; 6
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
        end ;; 7: nothing leads here
          local.get 1
          i32.const 8
          i32.sub
          local.tee 1
          global.set 0
          local.get 1
          i64.const 65545
          i64.store
          i32.const 0
          call $returns
          global.get 0
          local.set 1
          br_if 2
        end ;; 8: resumed
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
