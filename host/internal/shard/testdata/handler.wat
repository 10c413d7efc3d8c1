;; A handler that does what the bodies of its events tell it.
;;
;; A body is commands of 56 bytes: u32 code, u32 zero, 6 × u64 arguments. Codes:
;;   0 trap · 1 to 8 call that import, in the order of abi.HandlerImports, with these arguments and append its
;;   result (i32) to the log; an exchange of 2⁶⁴−1 means the event's own · 9 store64(address, value) ·
;;   10 proc_exit(code) · 11 fd_write(fd, address, size) · 12 recurse without end · 13 send the log as the body
;;   of a response_send on the event's exchange with these flags, and empty it · 14 to 21 as 1 to 8, in that order
;;   from request_open on; of a result of 64 bits the low half is appended, then the high one · 22 go round a loop
;;   that often, 0 without end · 23 exchange_pipe, for both of which 2⁶⁴−1 means that
;;
;; _initialize and on_start ask the test what to do, by step(1) and step(2): it writes commands into the inbox and returns their
;; size, or −1 for a trap.
;;
;; The log is u32s: for each event 1000 + kind, flags, low and high half of the target; then what the commands
;; append.
;;
;; Memory: 0 u64 the event's target   8 u32 the log's size   16 u32 added to on_inbox's result
;;        24 u32 trap in: 1 on_inbox, 2 the next event   32 iovec
;;      2048 the last head of at most 2048 bytes   4096 the log   65536 the inbox
(module
  (import "porthole_http_1" "response_send" (func $response_send (param i64 i32 i32 i32 i32 i32) (result i32)))
  (import "porthole_http_1" "response_inform" (func $response_inform (param i64 i32 i32) (result i32)))
  (import "porthole_http_1" "request_pause" (func $request_pause (param i64) (result i32)))
  (import "porthole_http_1" "request_resume" (func $request_resume (param i64) (result i32)))
  (import "porthole_http_1" "exchange_abort" (func $exchange_abort (param i64) (result i32)))
  (import "porthole_http_1" "server_listen" (func $server_listen (param i32 i32 i32) (result i32)))
  (import "porthole_http_1" "server_close" (func $server_close (param i32) (result i32)))
  (import "porthole_http_1" "server_listeners" (func $server_listeners (param i32 i32) (result i32)))
  (import "porthole_http_1" "request_open" (func $request_open (param i32 i32) (result i64)))
  (import "porthole_http_1" "request_send" (func $request_send (param i64 i32 i32 i32 i32 i32) (result i32)))
  (import "porthole_http_1" "socket_open" (func $socket_open (param i32 i32) (result i64)))
  (import "porthole_http_1" "socket_of" (func $socket_of (param i64) (result i64)))
  (import "porthole_http_1" "socket_send" (func $socket_send (param i64 i32 i32 i32) (result i32)))
  (import "porthole_http_1" "socket_set" (func $socket_set (param i64 i32 i64) (result i32)))
  (import "porthole_http_1" "socket_info" (func $socket_info (param i64 i32 i32) (result i32)))
  (import "porthole_http_1" "timer_set" (func $timer_set (param i64)))
  (import "porthole_http_1" "exchange_pipe" (func $exchange_pipe (param i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "test" "step" (func $step (param i32) (result i32)))
  (memory (export "memory") 8)

  (func (export "_initialize") (call $steps (i32.const 1)))
  (func (export "on_start") (call $steps (i32.const 2)))

  (func $steps (param $place i32)
    (local $size i32)
    (local.set $size (call $step (local.get $place)))
    (if (i32.lt_s (local.get $size) (i32.const 0)) (then (unreachable)))
    (call $commands (i32.const 65536) (i32.add (i32.const 65536) (local.get $size))))

  (func (export "on_inbox") (param i32) (result i32)
    (if (i32.eq (i32.load (i32.const 24)) (i32.const 1)) (then (unreachable)))
    (i32.add (i32.const 65536) (i32.load (i32.const 16))))

  (func $log (param $v i32)
    (local $size i32)
    (local.set $size (i32.load (i32.const 8)))
    (i32.store offset=4096 (local.get $size) (local.get $v))
    (i32.store (i32.const 8) (i32.add (local.get $size) (i32.const 4))))

  (func $log64 (param $v i64)
    (call $log (i32.wrap_i64 (local.get $v)))
    (call $log (i32.wrap_i64 (i64.shr_u (local.get $v) (i64.const 32)))))

  (func (export "on_event") (param $kind i32) (param $flags i32) (param $target i64) (param $head i32) (param $body i32)
    (local $c i32)
    (if (i32.eq (i32.load (i32.const 24)) (i32.const 2)) (then (unreachable)))
    (i64.store (i32.const 0) (local.get $target))
    (if (i32.and (i32.gt_u (local.get $head) (i32.const 0)) (i32.le_u (local.get $head) (i32.const 2048)))
      (then (memory.copy (i32.const 2048) (i32.const 65536) (local.get $head))))
    (call $log (i32.add (i32.const 1000) (local.get $kind)))
    (call $log (local.get $flags))
    (call $log (i32.wrap_i64 (local.get $target)))
    (call $log (i32.wrap_i64 (i64.shr_u (local.get $target) (i64.const 32))))
    (local.set $c (i32.add (i32.const 65536) (local.get $head)))
    (call $commands (local.get $c) (i32.add (local.get $c) (local.get $body))))

  (func $commands (param $c i32) (param $end i32)
    (loop $next
      (if (i32.lt_u (local.get $c) (local.get $end))
        (then
          (call $command (local.get $c))
          (local.set $c (i32.add (local.get $c) (i32.const 56)))
          (br $next)))))

  (func $arg (param $command i32) (param $n i32) (result i64)
    (i64.load offset=8 (i32.add (local.get $command) (i32.shl (local.get $n) (i32.const 3)))))
  (func $arg32 (param $command i32) (param $n i32) (result i32)
    (i32.wrap_i64 (call $arg (local.get $command) (local.get $n))))
  (func $exchange (param $command i32) (result i64)
    (if (result i64) (i64.eq (call $arg (local.get $command) (i32.const 0)) (i64.const -1))
      (then (i64.load (i32.const 0)))
      (else (call $arg (local.get $command) (i32.const 0)))))

  (func $recurse (param i32) (result i32)
    (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

  (func $command (param $c i32)
    (local $size i32)
    (block $pipe_ (block $spin_ (block $timer_set_ (block $socket_info_ (block $socket_set_ (block $socket_send_ (block $socket_of_ (block $socket_open_ (block $request_send_ (block $request_open_
    (block $send_log (block $stack_overflow (block $print (block $exit (block $store (block $listeners (block $server_close_ (block $listen
    (block $abort (block $resume (block $pause (block $inform (block $send (block $trap
      (br_table $trap $send $inform $pause $resume $abort $listen $server_close_ $listeners $store $exit $print $stack_overflow $send_log
        $request_open_ $request_send_ $socket_open_ $socket_of_ $socket_send_ $socket_set_ $socket_info_ $timer_set_ $spin_ $pipe_
        (i32.load (local.get $c))))
      (unreachable))
      (return (call $log (call $response_send (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2)) (call $arg32 (local.get $c) (i32.const 3))
        (call $arg32 (local.get $c) (i32.const 4)) (call $arg32 (local.get $c) (i32.const 5))))))
      (return (call $log (call $response_inform (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
      (return (call $log (call $request_pause (call $exchange (local.get $c))))))
      (return (call $log (call $request_resume (call $exchange (local.get $c))))))
      (return (call $log (call $exchange_abort (call $exchange (local.get $c))))))
      (return (call $log (call $server_listen
        (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
      (return (call $log (call $server_close (call $arg32 (local.get $c) (i32.const 0))))))
      (return (call $log (call $server_listeners (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))))))
      (i64.store (call $arg32 (local.get $c) (i32.const 0)) (call $arg (local.get $c) (i32.const 1)))
      (return))
      (call $proc_exit (call $arg32 (local.get $c) (i32.const 0)))
      (return))
      (i32.store (i32.const 32) (call $arg32 (local.get $c) (i32.const 1)))
      (i32.store (i32.const 36) (call $arg32 (local.get $c) (i32.const 2)))
      (drop (call $fd_write (call $arg32 (local.get $c) (i32.const 0)) (i32.const 32) (i32.const 1) (i32.const 40)))
      (return))
      (drop (call $recurse (i32.const 0)))
      (return))
    (local.set $size (i32.load (i32.const 8)))
    (i32.store (i32.const 8) (i32.const 0))
    (drop (call $response_send (i64.load (i32.const 0)) (call $arg32 (local.get $c) (i32.const 0))
      (i32.const 0) (i32.const 0) (i32.const 4096) (local.get $size)))
      (return))
      (return (call $log64 (call $request_open (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))))))
      (return (call $log (call $request_send (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2)) (call $arg32 (local.get $c) (i32.const 3))
        (call $arg32 (local.get $c) (i32.const 4)) (call $arg32 (local.get $c) (i32.const 5))))))
      (return (call $log64 (call $socket_open (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))))))
      (return (call $log64 (call $socket_of (call $exchange (local.get $c))))))
      (return (call $log (call $socket_send (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2)) (call $arg32 (local.get $c) (i32.const 3))))))
      (return (call $log (call $socket_set (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg (local.get $c) (i32.const 2))))))
      (return (call $log (call $socket_info (call $exchange (local.get $c))
        (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
      (call $timer_set (call $arg (local.get $c) (i32.const 0)))
      (return))
    (return (call $spin (call $arg (local.get $c) (i32.const 0)))))
    (call $log (call $exchange_pipe (call $exchange (local.get $c))
      (call $exchange (i32.add (local.get $c) (i32.const 8)))))) ;; the next argument

  (func $spin (param $n i64)
    (loop $again
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $again (i64.ne (local.get $n) (i64.const 0))))))
