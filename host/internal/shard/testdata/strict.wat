;; A handler that starts only if server_listeners is answered with OK, and traps at every event.
(module
  (import "porthole_http_1" "server_listeners" (func $server_listeners (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "on_start")
    (if (call $server_listeners (i32.const 0) (i32.const 1)) (then (unreachable))))
  (func (export "on_inbox") (param i32) (result i32) (i32.const 1024))
  (func (export "on_event") (param i32 i32 i64 i32 i32) (unreachable)))
