package port

// What must not happen inside the call that causes it, so that a listener added right after the call is told,
// happens on the next tick: as soon as the event or function under way has been dealt with.

// Task is one thing to do. It is an interface so that a message can wait without a closure.
type Task interface{ Run() }

// TaskFunc is a function as a Task.
type TaskFunc func()

// Run calls f.
func (f TaskFunc) Run() { f() }

var (
	ticks []Task
	ran   int // of ticks; those have been let go of

	// Turn counts the events and functions that have been dealt with, with their ticks.
	Turn uint32
)

// NextTick has t run on the next tick. Whoever may be called outside of the loop calls Wake too.
func NextTick(t Task) { ticks = append(ticks, t) }

// RunTicks runs all tasks, in order, and those that they add. The loop calls it, and tests. Tasks left behind by one that panicked are
// dropped with the loop.
func RunTicks() {
	for ran < len(ticks) {
		t := ticks[ran]
		ticks[ran] = nil
		ran++
		t.Run()
	}
	ticks, ran = ticks[:0], 0
	Turn++
}

func dropTicks() {
	clear(ticks)
	ticks, ran = ticks[:0], 0
}
