// Package shard joins an event loop, a stack guest and instances of handler guests on one goroutine that owns them all,
// so that nothing in it needs a lock.
//
//	netloop ── on_socket_* ──► stack ── event_emit ──► queue ── route ── on_event ──► an instance
//	   ▲                         ▲ │                                                      │
//	   └───── socket_write … ────┘ └◄────────────── on_operation ◄──── response_send …────┘
//
// One turn of that wheel (entries.go): an entry of the stack is called and its events are queued; when it has
// returned they are delivered in order, and the handlers' operations reach the stack at once; when all are
// delivered the stack does the work that operations put off (on_turn), which may raise more. So no guest is
// ever called while it is on the call stack.
//
// Handlers come and go while the shard serves (prepare.go, routes.go, retire.go). What a shard has of one is a version: one
// instance for all requests, or several that serve one each and may be put back to their start in between (fresh.go). An instance is
// made on a goroutine of its own, up to its _initialize (start.go); what finds none waits, bounded in number and
// time (queue.go).
//
// Guests are expected to fail. An instance that does, or that uses more than it may (metered.go, account.go), is ended, its
// exchanges are failed by the stack, and the next request gets a fresh one, unless the handler keeps failing (backoff.go). A
// stack that fails takes the shard's connections with it and is replaced (recover.go); only one that cannot even start ends the shard.
package shard
