;; A handler that starts unless request_open is answered with INVALID, and traps at every event.
(module
  (import "porthole_http_1" "server_listeners" (func $server_listeners (param i32 i32) (result i32)))
  (import "porthole_http_1" "request_open" (func $request_open (param i32 i32) (result i64)))
  (memory (export "memory") 2)
  (func (export "on_start")
    (drop (call $server_listeners (i32.const 0) (i32.const 1)))
    (if (i64.eq (call $request_open (i32.const 0) (i32.const 0)) (i64.const -3)) (then (unreachable))))
  (func (export "on_inbox") (param i32) (result i32) (i32.const 1024))
  (func (export "on_event") (param i32 i32 i64 i32 i32) (unreachable)))
