package http

// What must not happen inside the call that causes it, so that a listener added right after the call is told,
// happens on the next tick: as soon as the event or function under way has been dealt with.

// task is one thing to do. It is an interface so that a response can wait without a closure.
type task interface{ run() }

type taskFunc func()

func (f taskFunc) run() { f() }

var ticks []task

func nextTick(t task) { ticks = append(ticks, t) }

// runTicks runs all tasks, in order, and those that they add. Tasks left behind by one that panicked are dropped.
func runTicks() {
	defer dropTicks()
	for i := 0; i < len(ticks); i++ {
		ticks[i].run()
	}
}

func dropTicks() {
	clear(ticks)
	ticks = ticks[:0]
}
