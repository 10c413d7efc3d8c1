;; A handler whose path says, by the byte after the slash, how it attacks its host. What is still alive afterwards answers 200.
;;
;;   a endless loop                      b endless recursion               c grows its memory until refused
;;   d grows a table until refused       e prints without end              f asks for random bytes without end
;;   g sleeps for a day                  h opens requests until refused    i opens sockets until refused
;;   j a timer that is always due        k sends without end               l sends interim responses without end
;;   m traps in the next on_inbox        n the next on_inbox leads outside o operations in the next on_inbox
;;   p exits                             q fills memory without end        r never answers
;;   s uses its exchange after aborting it                                 t listens without end
;;   u copies a table without end        v yields without end
;;   any other: answers 200
;;
;; Memory: 0 a ResponseHead of 200   32 a Destination, "h" as its host   128 an iovec   160 a poll subscription and event
;;       256 a ListenRequest for TCP   1024 what the next on_inbox does   4096 the inbox (the rest)
(module
  (import "porthole_http_1" "response_send" (func $response_send (param i64 i32 i32 i32 i32 i32) (result i32)))
  (import "porthole_http_1" "response_inform" (func $response_inform (param i64 i32 i32) (result i32)))
  (import "porthole_http_1" "request_pause" (func $request_pause (param i64) (result i32)))
  (import "porthole_http_1" "request_resume" (func $request_resume (param i64) (result i32)))
  (import "porthole_http_1" "exchange_abort" (func $exchange_abort (param i64) (result i32)))
  (import "porthole_http_1" "server_listen" (func $server_listen (param i32 i32 i32) (result i32)))
  (import "porthole_http_1" "server_close" (func $server_close (param i32) (result i32)))
  (import "porthole_http_1" "request_open" (func $request_open (param i32 i32) (result i64)))
  (import "porthole_http_1" "socket_open" (func $socket_open (param i32 i32) (result i64)))
  (import "porthole_http_1" "socket_of" (func $socket_of (param i64) (result i64)))
  (import "porthole_http_1" "timer_set" (func $timer_set (param i64)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 4)
  (table $t 4096 funcref)

  (func (export "_initialize")
    (i32.store (i32.const 0) (i32.const 24))                ;; TextOffset
    (i32.store16 (i32.const 16) (i32.const 200))            ;; Status
    (i32.store16 (i32.const 34) (i32.const 9))              ;; Destination: Port
    (i32.store (i32.const 72) (i32.const 1))                ;; HostSize
    (i32.store8 (i32.const 96) (i32.const 104))             ;; "h"
    (i32.store (i32.const 128) (i32.const 4096))            ;; the iovec
    (i32.store (i32.const 132) (i32.const 65536))
    (i64.store (i32.const 184) (i64.const 86400000000000))  ;; the subscription's timeout
    (i32.store (i32.const 304) (i32.const 16384))           ;; Options: MaxHeaderBytes, …
    (i32.store (i32.const 316) (i32.const 32))
    (i32.store (i32.const 320) (i32.const 65536)))

  (func (export "on_start"))

  (func (export "on_inbox") (param i32) (result i32)
    (local $do i32)
    (local.set $do (i32.load (i32.const 1024)))
    (i32.store (i32.const 1024) (i32.const 0))
    (if (i32.eq (local.get $do) (i32.const 109)) (then (unreachable)))
    (if (i32.eq (local.get $do) (i32.const 110)) (then (return (i32.const 0xfffffff0))))
    (if (i32.eq (local.get $do) (i32.const 111))
      (then
        (drop (call $socket_open (i32.const 32) (i32.const 65)))
        (drop (call $request_open (i32.const 32) (i32.const 65)))
        (drop (call $exchange_abort (i64.load (i32.const 1032))))))
    (i32.const 4096))

  (func $answer (param $exchange i64)
    (drop (call $response_send (local.get $exchange) (i32.const 3) (i32.const 0) (i32.const 24) (i32.const 0) (i32.const 0))))

  (func $recurse (param i32) (result i32)
    (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

  (func (export "on_event") (param $kind i32) (param $flags i32) (param $exchange i64) (param $head i32) (param $body i32)
    (local $what i32)
    (if (i32.eq (local.get $kind) (i32.const 20)) (then (call $timer_set (i64.const 0)) (return)))  ;; timer
    (if (i32.ne (local.get $kind) (i32.const 1)) (then (return)))                                   ;; request
    (local.set $what (i32.load8_u offset=4097 (i32.add (i32.load (i32.const 4096)) (i32.load (i32.const 4112)))))
    (i64.store (i32.const 1032) (local.get $exchange))

    (if (i32.eq (local.get $what) (i32.const 97))  ;; a
      (then (loop $l (br $l))))
    (if (i32.eq (local.get $what) (i32.const 98))  ;; b
      (then (drop (call $recurse (i32.const 0)))))
    (if (i32.eq (local.get $what) (i32.const 99))  ;; c
      (then (loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))))
    (if (i32.eq (local.get $what) (i32.const 100)) ;; d
      (then (loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 65536)) (i32.const -1))))))
    (if (i32.eq (local.get $what) (i32.const 101)) ;; e
      (then (loop $l (drop (call $fd_write (i32.const 2) (i32.const 128) (i32.const 1) (i32.const 152))) (br $l))))
    (if (i32.eq (local.get $what) (i32.const 102)) ;; f
      (then (loop $l (drop (call $random_get (i32.const 4096) (i32.const 131072))) (br $l))))
    (if (i32.eq (local.get $what) (i32.const 103)) ;; g
      (then (drop (call $poll_oneoff (i32.const 160) (i32.const 208) (i32.const 1) (i32.const 152)))))
    (if (i32.eq (local.get $what) (i32.const 104)) ;; h
      (then (loop $l (br_if $l (i64.gt_s (call $request_open (i32.const 32) (i32.const 65)) (i64.const 0))))))
    (if (i32.eq (local.get $what) (i32.const 105)) ;; i
      (then (loop $l (br_if $l (i64.gt_s (call $socket_open (i32.const 32) (i32.const 65)) (i64.const 0))))))
    (if (i32.eq (local.get $what) (i32.const 106)) ;; j
      (then (call $timer_set (i64.const 0))))
    (if (i32.eq (local.get $what) (i32.const 107)) ;; k
      (then
        (drop (call $response_send (local.get $exchange) (i32.const 1) (i32.const 0) (i32.const 24) (i32.const 0) (i32.const 0)))
        (loop $l (br_if $l (i32.le_u
          (call $response_send (local.get $exchange) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 262144)) (i32.const 1))))
        (return)))
    (if (i32.eq (local.get $what) (i32.const 108)) ;; l
      (then
        (i32.store16 (i32.const 16) (i32.const 103))
        (loop $l (br_if $l (i32.le_u (call $response_inform (local.get $exchange) (i32.const 0) (i32.const 24)) (i32.const 1))))
        (return)))
    (if (i32.and (i32.ge_u (local.get $what) (i32.const 109)) (i32.le_u (local.get $what) (i32.const 111)))  ;; m, n, o
      (then (i32.store (i32.const 1024) (local.get $what))))
    (if (i32.eq (local.get $what) (i32.const 112)) ;; p
      (then (call $proc_exit (i32.const 0))))
    (if (i32.eq (local.get $what) (i32.const 113)) ;; q
      (then (loop $l (memory.fill (i32.const 4096) (i32.const 0) (i32.const 258048)) (br $l))))
    (if (i32.eq (local.get $what) (i32.const 114)) ;; r
      (then (return)))
    (if (i32.eq (local.get $what) (i32.const 115)) ;; s
      (then
        (drop (call $exchange_abort (local.get $exchange)))
        (drop (call $request_pause (local.get $exchange)))
        (drop (call $request_resume (local.get $exchange)))
        (drop (call $response_inform (local.get $exchange) (i32.const 0) (i32.const 24)))
        (drop (call $socket_of (local.get $exchange)))
        (drop (call $exchange_abort (local.get $exchange)))))
    (if (i32.eq (local.get $what) (i32.const 116)) ;; t
      (then (loop $l
        (drop (call $server_listen (i32.const 1) (i32.const 256) (i32.const 96)))
        (drop (call $server_close (i32.const 1)))
        (br $l))))
    (if (i32.eq (local.get $what) (i32.const 117)) ;; u
      (then (loop $l (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 4095)) (br $l))))
    (if (i32.eq (local.get $what) (i32.const 118)) ;; v
      (then (loop $l (drop (call $sched_yield)) (br $l))))
    (call $answer (local.get $exchange))))
