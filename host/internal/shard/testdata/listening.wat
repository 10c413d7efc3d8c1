;; A handler that listens on port 8000 as its server 7 when it starts, and traps at every event but those of a server.
;; The request is 96 bytes at 1024: zeroes but for the port and three limits that must not be 0.
(module
  (import "porthole_http_1" "server_listen" (func $server_listen (param i32 i32 i32) (result i32)))
  (import "porthole_http_1" "server_listeners" (func $server_listeners (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 1072) "\00\40\00\00")             ;; max_header_bytes
  (data (i32.const 1084) "\20\00\00\00\00\00\00\04") ;; max_pipelined, max_queued_bytes
  (data (i32.const 1108) "\40\1f")                     ;; port
  (func (export "on_start")
    (if (call $server_listen (i32.const 7) (i32.const 1024) (i32.const 96)) (then (unreachable)))
    (drop (call $server_listeners (i32.const 7) (i32.const 16))))
  (func (export "on_inbox") (param i32) (result i32) (i32.const 2048))
  (func (export "on_event") (param $kind i32) (param i32 i64 i32 i32)
    (if (i32.eq (i32.and (local.get $kind) (i32.const -2)) (i32.const 8)) (then (return))) ;; listen_error, server_close
    (if (i32.ne (local.get $kind) (i32.const 7)) (then (unreachable)))))
