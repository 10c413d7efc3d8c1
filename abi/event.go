package abi

// EventKind says what a handler's on_event is told. Its target is an exchange or a server.
type EventKind uint32

const (
	EventRequest       EventKind = 1 // exchange; head: RequestHead, body: the first piece, maybe all of it
	EventCheckContinue EventKind = 2 // as EventRequest, for Expect: 100-continue with ListenCheckContinue
	EventData          EventKind = 3 // exchange; body: the next piece; with EventEnd head may be Trailers
	EventDrain         EventKind = 4 // exchange; what was queued has reached the kernel
	EventFinish        EventKind = 5 // exchange; the ended response has reached the kernel
	EventClose         EventKind = 6 // exchange; the connection ended before the exchange did
	EventListening     EventKind = 7 // server; head: the bound address, text "host:port" or "unix:/path"
	EventListenError   EventKind = 8 // server; flags: a Status; head: the reason as text
	EventServerClose   EventKind = 9 // server; its last connection is gone after server_close
)

// Flags of an event.
const (
	EventEnd  uint32 = 1 << 0 // no more of the request's body follows
	EventDone uint32 = 1 << 1 // the exchange is over: its handle is stale from here on
)

// Optional events a handler listens to, the mask of server_listeners.
const (
	ListenCheckContinue uint32 = 1 << 0
)

// Operation numbers the host hands to the stack's on_operation.
type Operation uint32

const (
	OpResponseSend    Operation = 1  // exchange; flags: Send*; head: ResponseHead or Trailers; body
	OpResponseInform  Operation = 2  // exchange; head: ResponseHead with a status of 100 to 199
	OpRequestPause    Operation = 3  // exchange
	OpRequestResume   Operation = 4  // exchange
	OpExchangeAbort   Operation = 5  // exchange; destroys its connection
	OpServerListen    Operation = 6  // server; head: ListenRequest
	OpServerClose     Operation = 7  // server
	OpServerListeners Operation = 8  // server; flags: the mask Listen*
	OpExchangeFail    Operation = 9  // exchange; host only: its handler died. 500, or cut if the head is out
	OpListenerClose   Operation = 10 // listener; host only: finish what is in flight, then close
)

// Flags of response_send.
const (
	SendHead     uint32 = 1 << 0 // the head argument is a ResponseHead; exactly once per exchange
	SendEnd      uint32 = 1 << 1 // the response is complete with this call
	SendTrailers uint32 = 1 << 2 // the head argument is Trailers; only with SendEnd and without SendHead
	SendMore     uint32 = 1 << 3 // host only: the rest of this call's body follows at once in further calls
)

// What on_operation returns, an i64: a Status in the low byte and these bits.
const (
	ResultStatusMask int64 = 0xff
	ResultDone       int64 = 1 << 8 // the exchange is over: its handle is stale from here on
	ResultTurn       int64 = 1 << 9 // the stack has work left: call on_turn before waiting for sockets
)
