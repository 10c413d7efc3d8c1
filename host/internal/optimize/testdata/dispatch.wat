;; Functions of the form that Go's compiler gives them, without its stack. The first parameter is the number to begin with.
(module
  (memory (export "memory") 1 1)
  (global $x (mut i64) (i64.const 0))
  (func (export "set") (param i64) (global.set $x (local.get 0)))
  (func (export "get") (result i64) (global.get $x))

  ;; sum: a loop with its test behind it, entered at the test; 0 begins, 1 the body, 2 the test, 3 the end
  (func $sum (export "sum") (param i32) (result i32) (local i64 i64)
    loop
      block block block block
        local.get 0
        br_table 0 1 1 2 3
      end ;; 0
        global.get $x
        local.set 1
        i32.const 3
        local.set 0
        br 3
      end ;; 1 and 2
        local.get 2
        local.get 1
        i64.add
        local.set 2
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
      end ;; 3
        local.get 1
        i64.const 0
        i64.gt_s
        if
          i32.const 1
          local.set 0
          br 2
        end
      end ;; 4
        local.get 2
        global.set $x
        i32.const 0
        return
    end
    unreachable)

  ;; ways: one of several ways by x, which meet; numbers that are too high are the last
  (func $ways (export "ways") (param i32) (result i32) (local i64)
    block
      loop
        block block block block block
          local.get 0
          br_table 0 1 2 3 4
        end
          global.get $x
          i64.const 1
          i64.eq
          if
            i32.const 2
            local.set 0
            br 5
          end
          global.get $x
          i64.const 2
          i64.eq
          if
            global.get $x
            i64.const 100
            i64.add
            global.set $x
            i32.const 77
            local.set 0
            br 5
          end
          global.get $x
          i64.const 3
          i64.eq
          if
            i64.const 33
            global.set $x
            br 6
          end
          global.get $x
          i64.const 4
          i64.eq
          if
            i32.const 44
            return
          end
          i32.const 3
          local.set 0
          br 4
        end
          i64.const 10
          local.set 1
        end
          local.get 1
          i64.const 7
          i64.add
          local.set 1
        end
          global.get $x
          local.get 1
          i64.add
          i64.const 5
          i64.mul
          global.set $x
        end
          global.get $x
          i64.const 1000
          i64.gt_s
          if
            unreachable
          end
          i32.const 0
          return
      end
      unreachable
    end
    i32.const 1)

  ;; straight: nothing jumps, so there is no loop
  (func $straight (export "straight") (param i32) (result i32)
    block
      block block block
        local.get 0
        br_table 0 1 2
      end
        global.get $x
        i64.const 1
        i64.add
        global.set $x
        global.get $x
        i64.const 5
        i64.eq
        br_if 2
      end
        global.get $x
        i64.const 3
        i64.mul
        global.set $x
      end
        i32.const 0
        return
    end
    i32.const 1)

  ;; nested: a loop in a loop, and one that is left from inside
  (func $nested (export "nested") (param i32) (result i32) (local i64 i64 i64)
    loop
      block block block block block block
        local.get 0
        br_table 0 1 2 3 4 5
      end
        i64.const 0
        local.set 1
      end ;; 1: outer
        i64.const 0
        local.set 2
      end ;; 2: inner
        local.get 3
        local.get 1
        local.get 2
        i64.mul
        i64.add
        i64.const 1
        i64.add
        local.set 3
        local.get 3
        i64.const 500
        i64.gt_s
        if
          i32.const 5
          local.set 0
          br 4
        end
      end ;; 3
        local.get 2
        i64.const 1
        i64.add
        local.tee 2
        global.get $x
        i64.lt_s
        if
          i32.const 2
          local.set 0
          br 3
        end
      end ;; 4
        local.get 1
        i64.const 1
        i64.add
        local.tee 1
        global.get $x
        i64.lt_s
        if
          i32.const 1
          local.set 0
          br 2
        end
      end ;; 5
        local.get 3
        global.set $x
        i32.const 0
        return
    end
    unreachable)

  ;; two_entries: a loop that is entered in two places, which blocks cannot express
  (func $two_entries (export "two_entries") (param i32) (result i32)
    loop
      block block block block
        local.get 0
        br_table 0 1 2 3
      end
        global.get $x
        i64.const 2
        i64.rem_s
        i64.eqz
        if
          i32.const 2
          local.set 0
          br 4
        end
      end
        global.get $x
        i64.const 3
        i64.add
        global.set $x
      end
        global.get $x
        i64.const 1
        i64.add
        global.set $x
        global.get $x
        i64.const 50
        i64.lt_s
        if
          i32.const 1
          local.set 0
          br 2
        end
      end
        i32.const 0
        return
    end
    unreachable)

  ;; scratch: the number serves for something else in between, as for indirect calls
  (func $scratch (export "scratch") (param i32) (result i32)
    loop
      block block block
        local.get 0
        br_table 0 1 2
      end
        i32.const 9
        local.set 0
        i32.const 1
        local.get 0
        i32.add
        i64.extend_i32_u
        global.get $x
        i64.add
        global.set $x
        global.get $x
        i64.const 40
        i64.lt_s
        if
          i32.const 0
          local.set 0
          br 3
        end
      end
        i32.const 2
        local.set 0
        br 1
      end
        i32.const 0
        return
    end
    unreachable)

  ;; asked: the number is asked for behind the table, so that it has to be there
  (func $asked (export "asked") (param i32) (result i32)
    loop
      block block
        local.get 0
        br_table 0 1
      end
        i32.const 1
        local.set 0
        br 1
      end
        local.get 0
        return
    end
    unreachable)

  ;; shuffled: numbers that are not in the order of the code
  (func $shuffled (export "shuffled") (param i32) (result i32)
    loop
      block block block
        local.get 0
        br_table 0 2 1 2
      end
        i32.const 2
        local.set 0
        br 2
      end
        global.get $x
        i64.const 3
        i64.mul
        global.set $x
      end
        global.get $x
        i64.const 1
        i64.add
        global.set $x
        i32.const 0
        return
    end
    unreachable)
)
