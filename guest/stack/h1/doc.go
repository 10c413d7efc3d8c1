// Package h1 is the codec of HTTP/1.0 and HTTP/1.1 requests (RFC 9112), as a server needs it. It does no I/O, and knows no
// connection: bytes go in, steps come out.
//
// It is strict: what a peer or a proxy in between could read in another way is refused. Each leniency is a bit of
// Limits.Lenient whose doc names the attack it opens.
//
// The parser is a state machine that looks at each byte once, whether the bytes come alone or together. An error is found in the
// first byte that fits nowhere, or, where elements have a syntax of their own (target, Host, Content-Length, …), at the end of
// the element.
//
//	start ─► method ─► target ─► version ─► line ◄─► field
//	  ▲                                      │
//	  │                                      ▼
//	  │                                 blank line, HeadDone
//	  │                                      │
//	  │            Content-Length, or none   │   chunked
//	  │                     ┌────────────────┴─────┐
//	  │                     ▼                      ▼
//	  │                    body               chunk size ◄────────────┐
//	  │                  BodyPiece…            │   │  └─► extensions  │
//	  │                     │                  │   ▼          │       │
//	  │                     │                  │  data ◄──────┤       │
//	  │                     │                  │ BodyPiece… ──┼─ CRLF ┘
//	  │                     │        last chunk▼              │
//	  ├───── MessageDone ───┘       trailers ◄────────────────┘
//	  │                             line ◄─► field
//	  │                                 │
//	  └──────────── MessageDone ── blank line
//
// Any byte may lead to failed, and nothing leads out of it.
package h1
