package stack

import "github.com/portholehttp/porthole/abi"

// Operation does what a handler asks for, and returns an abi.Status with abi.Result bits. It
// raises no events. head and body are the engine's to overwrite until it returns.
// rest counts the bytes of the body that follow in further calls (abi.SendMore).
func (e *Engine) Operation(op abi.Operation, target uint64, flags uint32, head, body []byte, rest int64) int64 {
	if op == abi.OpResponseSend && flags == abi.SendHead|abi.SendEnd && rest == 0 {
		if x := e.handles.exchange(target); x != nil && x.conn != nil && x.conn.ease == easeAsked {
			if result, ok := e.reply(x, head, body); ok {
				return e.withTurn(result)
			}
		}
	}
	var result int64
	switch op {
	case abi.OpServerListen:
		result = int64(e.serverListen(target, head))
	case abi.OpServerClose:
		result = int64(e.closeListener(e.server(target)))
	case abi.OpServerListeners:
		result = int64(e.serverListeners(target, flags))
	case abi.OpListenerClose:
		result = int64(e.closeListener(e.listener(target)))
	case abi.OpDrain:
		result = int64(e.drain())
	case abi.OpPipe:
		result = int64(e.exchangePipe(target, head))
	default:
		if c := e.handles.socket(target); c != nil {
			result = int64(e.socketOperation(op, c, flags, body, rest))
			break
		}
		result = e.exchangeOperation(op, e.handles.exchange(target), flags, head, body, rest)
	}
	return e.withTurn(result)
}

// withTurn adds to the result of an operation whether Turn has something to do.
func (e *Engine) withTurn(result int64) int64 {
	if len(e.work) > 0 || len(e.pools) > 0 || len(e.handles.stirred) > 0 || e.turn {
		result |= abi.ResultTurn
	}
	return result
}

func (e *Engine) exchangeOperation(op abi.Operation, x *exchange, flags uint32, head, body []byte, rest int64) int64 {
	switch {
	case x == nil:
		return int64(abi.StatusClosed)
	case x.sends != nil:
		return e.clientOperation(op, x, flags, head, body, rest)
	case x.conn.broken, x.conn.closing && !x.ended: // nothing follows the last response
		return int64(abi.StatusClosed)
	}
	x.conn.leaveExpress()
	switch op {
	case abi.OpResponseSend:
		status := e.responseSend(x, flags, head, body, rest)
		if x.finished && x.received {
			e.handles.close(x)
			return int64(status) | abi.ResultDone
		}
		return int64(status)
	case abi.OpResponseInform:
		return int64(e.responseInform(x, head))
	case abi.OpRequestPause:
		e.requestPause(x)
	case abi.OpRequestResume:
		e.requestResume(x)
	case abi.OpExchangeAbort:
		e.destroy(x.conn)
	case abi.OpExchangeFail:
		e.exchangeFail(x, int(flags))
		return int64(abi.StatusOK) | abi.ResultDone
	default:
		return int64(abi.StatusInvalid)
	}
	return int64(abi.StatusOK)
}

// requestPause stops reading, so that the client meets TCP flow control.
func (e *Engine) requestPause(x *exchange) {
	c := x.conn
	x.paused = true
	if c != nil && !c.broken && c.reading == x && (!x.ended || x.sends != nil) {
		c.readTimer.disarm()
		e.hold(c, true)
	}
}

func (e *Engine) requestResume(x *exchange) {
	if x.ended && x.paused && x.sends == nil {
		return // what comes of the request is discarded, and that is for good: some of it is missing
	}
	x.paused = false
	if c := x.conn; c != nil && c.reading == x && c.held {
		e.schedule(c) // held input is parsed, and the socket resumed, in Turn
	}
}

// exchangeFail ends x without a handler: with that status, 0 for 500, or with a cut if bytes of its response are out.
func (e *Engine) exchangeFail(x *exchange, status int) {
	c := x.conn
	e.handles.close(x)
	switch {
	case x.ended: // what it said is complete
	case x.headSent && c.first == x:
		e.sever(c)
	default:
		if status == 0 {
			status = 500
		}
		e.answer(x, reply{status: status})
	}
	e.schedule(c)
}
