// Package shard joins an event loop, a stack guest and a handler guest on one goroutine that owns all three,
// so that nothing in it needs a lock.
//
//	netloop ── on_socket_* ──► stack ── event_emit ──► queue ── on_event ──► handler
//	   ▲                         ▲ │                                            │
//	   └───── socket_write … ────┘ └◄────────── on_operation ◄── response_send …┘
//
// One turn of that wheel (entries.go): an entry of the stack is called and its events are queued; when it has
// returned they are delivered in order, and the handler's operations reach the stack at once; when all are
// delivered the stack does the work that operations put off (on_turn), which may raise more. So neither guest is
// ever called while it is on the call stack.
//
// Guests are expected to fail. A handler that does is ended, its exchanges are failed by the stack, and the next
// request gets a fresh instance (handler.go). A stack that does takes the shard's connections with it and is
// replaced (recover.go); only one that cannot even start ends the shard.
package shard
