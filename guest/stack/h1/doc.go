// Package h1 is the codec of HTTP/1.0 and HTTP/1.1 messages (RFC 9112): of requests as a server needs it, and of responses as a
// client does. It does no I/O, and knows no connection: bytes go in, steps come out.
//
// It is strict: what a peer or a proxy in between could read in another way is refused. Each leniency is a bit of
// Limits.Lenient whose doc names the attack it opens. A server is trusted no more than a client: what it makes two parties read
// apart ends up in a cache, or in the answer to somebody else.
//
// The parser is a state machine that looks at each byte once, whether the bytes come alone or together. An error is found in the
// first byte that fits nowhere, or, where elements have a syntax of their own (target, Host, Content-Length, …), at the end of
// the element. Requests and responses differ in their first line, and in what the head says about the body.
//
//	start ─┬─► method ─► target ─► version ───┐
//	  ▲    └─► version ─► status ─► reason ───┤
//	  │                                       ▼
//	  │                                     line ◄─► field
//	  │                                       │
//	  │                                       ▼
//	  │                                  blank line, HeadDone
//	  │                                       │
//	  │    Content-Length, to EOF, or none    │   chunked
//	  │                     ┌─────────────────┴────┐
//	  │                     ▼                      ▼
//	  │                    body               chunk size ◄────────────┐
//	  │                  BodyPiece…            │   │  └─► extensions  │
//	  │                     │                  │   ▼          │       │
//	  │         its end, or │                  │  data ◄──────┤       │
//	  │                 EOF │                  │ BodyPiece… ──┼─ CRLF ┘
//	  │                     │        last chunk▼              │
//	  ├───── MessageDone ───┘       trailers ◄────────────────┘
//	  │                             line ◄─► field
//	  │                                 │
//	  └──────────── MessageDone ── blank line
//
// Any byte may lead to failed, and so may EOF; nothing leads out of it.
package h1
