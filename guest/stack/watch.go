package stack

// watch arms the timers that fit what the connection waits for.
func (e *Engine) watch(c *conn) {
	switch {
	case c.takeover != nil: // it waits for handlers
	case c.reading != nil:
		e.watchRequest(c)
		if c.held {
			c.readTimer.disarm() // the handler's pause, not the client's
		} else {
			e.watchRead(c, timeBodyIdle)
		}
	case !c.deaf && !c.parser.Idle():
		e.watchRequest(c)
		e.watchRead(c, timeHeaders)
	case c.served == 0: // armed since Accept: a connection that says nothing
	default:
		c.requestTimer.disarm()
		if c.idle() {
			e.rest(c)
		} else {
			c.readTimer.suspend()
		}
	}
}

// rest has c, which is idle, wait for a request.
func (e *Engine) rest(c *conn) {
	e.watchRead(c, timeKeepAlive)
	if c.calm() {
		c.ease = easeCalm
	}
}

// watchRequest arms the timer of a whole request, unless it runs.
func (e *Engine) watchRequest(c *conn) {
	if c.requestTimer.list == nil {
		e.arm(&c.requestTimer, timeRequest)
	}
}

// watchRead arms the timer of what is read next, unless it runs.
func (e *Engine) watchRead(c *conn, class timeClass) {
	if !c.readTimer.running(class) {
		e.arm(&c.readTimer, class)
	}
}
