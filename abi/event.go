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
	EventListenError   EventKind = 8 // server; flags: StatusFlags; head: the reason as text
	EventServerClose   EventKind = 9 // server; its last connection is gone after server_close

	EventError       EventKind = 10 // client exchange or socket; flags: StatusFlags; head: text "CODE what happened"; EventClose follows
	EventSocket      EventKind = 11 // client exchange; head: u64, the socket that it goes out on
	EventConnected   EventKind = 12 // socket; the connection that was asked for is there
	EventResponse    EventKind = 13 // client exchange; head: ClientResponseHead, body: the first piece, maybe all of it
	EventInformation EventKind = 14 // client exchange; head: ClientResponseHead with a status of 100 to 199
	EventUpgrade     EventKind = 15 // socket, head: RequestHead; or client exchange, head: ClientResponseHead. body: the first bytes after it
	EventConnect     EventKind = 16 // as EventUpgrade, for the method CONNECT
	EventConnection  EventKind = 17 // socket; head: u32, the server. A client has connected, with ListenConnection
	EventClientError EventKind = 18 // socket; head: u32, the server, then text as of EventError. With ListenClientError
	EventTimeout     EventKind = 19 // socket; nothing came or went for as long as SocketTimeout says
	EventTimer       EventKind = 20 // 0; the time given to timer_set has passed
)

// Flags of an event.
const (
	EventEnd  uint32 = 1 << 0 // no more of the message's body follows; of a socket: the peer has ended its side
	EventDone uint32 = 1 << 1 // the exchange or socket is over: its handle is stale from here on
)

// StatusFlags puts a status into the flags of EventListenError and EventError: bits 8 to 15.
func StatusFlags(s Status) uint32 { return uint32(s) << 8 }

// FlagsStatus returns the status in the flags of EventListenError and EventError.
func FlagsStatus(flags uint32) Status { return Status(flags >> 8 & 0xff) }

// Optional events a handler listens to, the mask of server_listeners.
const (
	ListenCheckContinue uint32 = 1 << 0
	ListenConnect       uint32 = 1 << 1
	ListenUpgrade       uint32 = 1 << 2
	ListenClientError   uint32 = 1 << 3
	ListenConnection    uint32 = 1 << 4
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
	OpExchangeFail    Operation = 9  // exchange; host only: nobody answers it. The status in flags, 0 for 500; or cut if the head is out
	OpListenerClose   Operation = 10 // listener; host only: finish what is in flight, then close

	OpRequestSend Operation = 11 // client exchange; flags: Send*; head: ClientRequestHead or Trailers; body
	OpSocketSend  Operation = 12 // socket; flags: SendEnd, SendMore; body
	OpSocketSet   Operation = 13 // socket; flags: a SocketOption; rest: its value
	OpRequestOpen Operation = 14 // by on_handle: target: the handler's instance; head: Destination. A client exchange
	OpSocketOpen  Operation = 15 // by on_handle: target: the handler's instance; head: Destination. A socket
	OpSocketOf    Operation = 16 // by on_handle: target: an exchange. The socket of its connection
	OpHostSocket  Operation = 17 // by on_handle, host only: target: a socket. Its handle in the socket ABI
	OpDrain       Operation = 18 // host only: close pooled connections, and pool none from now on
	OpPipe        Operation = 19 // exchange; head: Pipe
)

// SocketOption says what OpSocketSet sets.
type SocketOption uint32

const (
	SocketNoDelay     SocketOption = 1 // 1: TCP_NODELAY; 0: not. A connection begins with it
	SocketKeepAlive   SocketOption = 2 // nanoseconds before the first TCP keep-alive probe, 0: the system's choice; -1: none, as it begins
	SocketTimeout     SocketOption = 3 // nanoseconds without traffic before EventTimeout; 0: none, as it begins
	SocketAgentRemove SocketOption = 4 // the agent forgets the socket: it neither counts nor is used for another request
	SocketBulk        SocketOption = 5 // of the socket ABI only: 1: as much is read at once as the receive buffer takes; 0, as it begins: 64 KiB
)

// Flags of response_send, request_send and socket_send.
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
