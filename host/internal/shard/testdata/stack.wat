;; A stack that does what the bytes of a connection tell it, and tells that connection what is done to it.
;;
;; What a socket receives is commands of 72 bytes: u32 code, u32 zero, 8 × u64 arguments. Codes:
;;   0 trap · 1 to 9 call that import, in the order of abi.StackImports, and write its result (i64) to the
;;   socket · 10 store64(address, value) · 11 memory.grow(pages) · 12 proc_exit(code) · 13 write that memory to
;;   the socket, (address, size), without a result · 14 socket_connect · 15 socket_set_option, as 1 to 9
;;
;; The socket that sent the last commands is the control socket. It gets a record of 32 bytes for each call of
;; the exports listed: u32 what, u32 flags, u64 target, u32 head_size, u32 body_size, i64 rest; and for an
;; operation the bytes of head and body. what is the operation's number, or
;;   100 on_socket_accept · 101 on_socket_end · 102 on_socket_writable · 103 on_socket_close · 104 on_timer · 105 on_turn
;; on_socket_connect is as an operation 99, with the text for a head.
;;
;; Memory:  0 i64 the result of on_operation      8 u64 the control socket    16 u32 added to on_inbox's result
;;         24 i32 the result of on_listener_open  32 u64 the last listener    40 u32 trap in: 1 on_operation,
;;            2 on_inbox, 3 on_socket_accept, 4 on_turn, 6 on_handle; 5 emit an event in on_operation
;;         48 u64 not zero: operations 14 and 15 call socket_connect with what they got, and the result goes to 56
;;         64 the record   96 i64 what socket_listen said to the last server_listen
;;        104 u64 target and 112 u64 flags of the last server_listeners   120 i64 the result of on_handle   128 the result of a command   65536 the receive buffer   131072 the inbox
(module
  (import "porthole_sock_1" "socket_listen" (func $socket_listen (param i64 i32 i32) (result i64)))
  (import "porthole_sock_1" "socket_write" (func $socket_write (param i64 i32 i32) (result i64)))
  (import "porthole_sock_1" "socket_shutdown" (func $socket_shutdown (param i64) (result i32)))
  (import "porthole_sock_1" "socket_close" (func $socket_close (param i64 i32) (result i32)))
  (import "porthole_sock_1" "socket_pause" (func $socket_pause (param i64) (result i32)))
  (import "porthole_sock_1" "socket_resume" (func $socket_resume (param i64) (result i32)))
  (import "porthole_sock_1" "timer_set" (func $timer_set (param i64)))
  (import "porthole_sock_1" "clock_now" (func $clock_now (result i64)))
  (import "porthole_sock_1" "socket_connect" (func $socket_connect (param i64 i32 i32) (result i64)))
  (import "porthole_sock_1" "socket_set_option" (func $socket_set_option (param i64 i32 i64) (result i32)))
  (import "porthole_http_1" "event_emit" (func $event_emit (param i32 i32 i64 i64 i32 i32 i32 i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 24)

  (func (export "_initialize"))
  (func (export "on_receive_buffer") (param i32) (result i32) (i32.const 65536))

  (func (export "on_inbox") (param i32) (result i32)
    (call $trap_if (i32.const 2))
    (i32.add (i32.const 131072) (i32.load (i32.const 16))))

  (func (export "on_listener_open") (param $listener i64) (param i32) (result i32)
    (i64.store (i32.const 32) (local.get $listener))
    (i32.load (i32.const 24)))

  (func $trap_if (param $place i32)
    (if (i32.eq (i32.load (i32.const 40)) (local.get $place)) (then (unreachable))))

  (func $record (param $what i32) (param $flags i32) (param $target i64) (param $head i32) (param $body i32) (param $rest i64)
    (i32.store (i32.const 64) (local.get $what))
    (i32.store (i32.const 68) (local.get $flags))
    (i64.store (i32.const 72) (local.get $target))
    (i32.store (i32.const 80) (local.get $head))
    (i32.store (i32.const 84) (local.get $body))
    (i64.store (i32.const 88) (local.get $rest))
    (drop (call $socket_write (i64.load (i32.const 8)) (i32.const 64) (i32.const 32))))

  (func (export "on_socket_accept") (param $socket i64) (param $listener i64) (param $now i64)
    (call $trap_if (i32.const 3))
    (call $record (i32.const 100) (i32.const 0) (local.get $socket) (i32.const 0) (i32.const 0) (local.get $listener)))
  (func (export "on_socket_end") (param $socket i64) (param $now i64)
    (call $record (i32.const 101) (i32.const 0) (local.get $socket) (i32.const 0) (i32.const 0) (i64.const 0)))
  (func (export "on_socket_writable") (param $socket i64) (param $now i64)
    (call $record (i32.const 102) (i32.const 0) (local.get $socket) (i32.const 0) (i32.const 0) (i64.const 0)))
  (func (export "on_socket_close") (param $socket i64) (param $status i32) (param $now i64)
    (call $record (i32.const 103) (local.get $status) (local.get $socket) (i32.const 0) (i32.const 0) (i64.const 0)))
  (func (export "on_timer") (param $now i64)
    (call $record (i32.const 104) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (local.get $now)))
  (func (export "on_turn") (param $now i64)
    (i64.store (i32.const 0) (i64.const 0)) ;; once is enough
    (call $trap_if (i32.const 4))
    (call $record (i32.const 105) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i64.const 0)))

  (func (export "on_operation") (param $op i32) (param $target i64) (param $flags i32) (param $head i32) (param $body i32) (param $rest i64) (result i64)
    (call $trap_if (i32.const 1))
    (if (i32.eq (i32.load (i32.const 40)) (i32.const 5))
      (then (call $event_emit (i32.const 3) (i32.const 0) (local.get $target) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
    (if (i32.eq (local.get $op) (i32.const 6)) ;; server_listen
      (then (i64.store (i32.const 96) (call $socket_listen (local.get $target) (i32.const 131072) (local.get $head)))))
    (if (i32.eq (local.get $op) (i32.const 8)) ;; server_listeners
      (then
        (i64.store (i32.const 104) (local.get $target))
        (i64.store (i32.const 112) (i64.extend_i32_u (local.get $flags)))))
    (call $record (local.get $op) (local.get $flags) (local.get $target) (local.get $head) (local.get $body) (local.get $rest))
    (drop (call $socket_write (i64.load (i32.const 8)) (i32.const 131072) (i32.add (local.get $head) (local.get $body))))
    (i64.load (i32.const 0)))

  (func (export "on_handle") (param $op i32) (param $target i64) (param $size i32) (result i64)
    (call $trap_if (i32.const 6))
    (if (i64.ne (i64.load (i32.const 48)) (i64.const 0))
      (then (if (i32.or (i32.eq (local.get $op) (i32.const 14)) (i32.eq (local.get $op) (i32.const 15)))
        (then (i64.store (i32.const 56) (call $socket_connect (local.get $target) (i32.const 131072) (local.get $size)))))))
    (call $record (local.get $op) (i32.const 0) (local.get $target) (local.get $size) (i32.const 0) (i64.const 0))
    (drop (call $socket_write (i64.load (i32.const 8)) (i32.const 131072) (local.get $size)))
    (i64.load (i32.const 120)))

  (func (export "on_socket_connect") (param $socket i64) (param $status i32) (param $size i32) (param $now i64)
    (call $record (i32.const 99) (local.get $status) (local.get $socket) (local.get $size) (i32.const 0) (i64.const 0))
    (drop (call $socket_write (i64.load (i32.const 8)) (i32.const 131072) (local.get $size))))

  (func $arg (param $command i32) (param $n i32) (result i64)
    (i64.load offset=8 (i32.add (local.get $command) (i32.shl (local.get $n) (i32.const 3)))))
  (func $arg32 (param $command i32) (param $n i32) (result i32)
    (i32.wrap_i64 (call $arg (local.get $command) (local.get $n))))

  (func $reply (param $result i64)
    (i64.store (i32.const 128) (local.get $result))
    (drop (call $socket_write (i64.load (i32.const 8)) (i32.const 128) (i32.const 8))))
  (func $reply32 (param $result i32) (call $reply (i64.extend_i32_s (local.get $result))))

  (func (export "on_socket_data") (param $socket i64) (param $size i32) (param $now i64)
    (local $c i32) (local $end i32)
    (i64.store (i32.const 8) (local.get $socket))
    (local.set $c (i32.const 65536))
    (local.set $end (i32.add (local.get $c) (local.get $size)))
    (loop $next
      (call $command (local.get $c))
      (br_if $next (i32.lt_u
        (local.tee $c (i32.add (local.get $c) (i32.const 72)))
        (local.get $end)))))

  (func $command (param $c i32)
    (block $option (block $connect (block $peek (block $exit (block $grow (block $store (block $emit (block $clock (block $timer (block $resume (block $pause
    (block $close (block $shutdown (block $write (block $listen (block $trap
      (br_table $trap $listen $write $shutdown $close $pause $resume $timer $clock $emit $store $grow $exit $peek $connect $option
        (i32.load (local.get $c))))
      (unreachable))
      (return (call $reply (call $socket_listen (call $arg (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
      (return (call $reply (call $socket_write (call $arg (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
      (return (call $reply32 (call $socket_shutdown (call $arg (local.get $c) (i32.const 0))))))
      (return (call $reply32 (call $socket_close (call $arg (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))))))
      (return (call $reply32 (call $socket_pause (call $arg (local.get $c) (i32.const 0))))))
      (return (call $reply32 (call $socket_resume (call $arg (local.get $c) (i32.const 0))))))
      (call $timer_set (call $arg (local.get $c) (i32.const 0)))
      (return (call $reply (i64.const 0))))
      (return (call $reply (call $clock_now))))
      (call $event_emit
        (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))
        (call $arg (local.get $c) (i32.const 2)) (call $arg (local.get $c) (i32.const 3))
        (call $arg32 (local.get $c) (i32.const 4)) (call $arg32 (local.get $c) (i32.const 5))
        (call $arg32 (local.get $c) (i32.const 6)) (call $arg32 (local.get $c) (i32.const 7)))
      (return (call $reply (i64.const 0))))
      (i64.store (call $arg32 (local.get $c) (i32.const 0)) (call $arg (local.get $c) (i32.const 1)))
      (return (call $reply (i64.const 0))))
      (return (call $reply32 (memory.grow (call $arg32 (local.get $c) (i32.const 0))))))
    (call $proc_exit (call $arg32 (local.get $c) (i32.const 0)))
      (return))
    (drop (call $socket_write (i64.load (i32.const 8)) (call $arg32 (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1))))
      (return))
      (return (call $reply (call $socket_connect (call $arg (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1)) (call $arg32 (local.get $c) (i32.const 2))))))
    (call $reply32 (call $socket_set_option (call $arg (local.get $c) (i32.const 0)) (call $arg32 (local.get $c) (i32.const 1)) (call $arg (local.get $c) (i32.const 2))))))
