package netloop

import "github.com/portholehttp/porthole/abi"

// Handler receives the events of a Loop, on the goroutine of Run and never concurrently. It may call any method
// of the Loop, but not Run. now is a reading of the Loop's clock in nanoseconds; the events of one batch share it.
type Handler interface {
	// Accept announces a connection. listener is the handle that was given to Attach.
	Accept(socket, listener Handle, now int64)

	// Connect says what came of Loop.Connect. err nil: the connection is there. Else it is what dial returned,
	// and the handle is stale already.
	Connect(socket Handle, err error, now int64)

	// Data brings bytes that the peer sent, at least one. p is the loop's again when Data returns; until then
	// the handler may overwrite it.
	Data(socket Handle, p []byte, now int64)

	// End says that the peer will send no more. It comes once, after all Data.
	End(socket Handle, now int64)

	// Writable comes once after a Write that took less than it was offered: there is room again.
	Writable(socket Handle, now int64)

	// Close says that the connection broke: reading or writing failed. It comes at most once, as the last event;
	// the handle is stale already. It does not come after CloseHandle.
	Close(socket Handle, status abi.Status, now int64)

	// Timer says that the time given to SetTimer has come. The timer is disarmed before the call.
	Timer(now int64)
}
