package wasi

import (
	"encoding/binary"
	"math"
	"time"
)

// maxSubscriptions is the most in one call.
const maxSubscriptions = 4096

// A subscription is what a guest waits for.
//
//	offset  size  field
//	0       8     userdata   what its event has
//	8       1     tag        of a clock, or of a descriptor
//	16      4     clock, or descriptor
//	24      8     timeout    nanoseconds
//	32      8     precision  not looked at
//	40      2     flags      1: the timeout is what the clock shows then; else from now on
const (
	subscriptionSize = 48

	tagClock = 0
	tagRead  = 1
	tagWrite = 2

	flagAbstime = 1
)

// An event is how it came out.
//
//	offset  size  field
//	0       8     userdata
//	8       2     errno
//	10      1     tag
//	16      8     bytes that can be read or written
//	24      2     flags
const eventSize = 32

// pollOneoff is poll_oneoff(subscriptions, events, count, events.n). It waits for clocks only: a descriptor is
// answered at once, by an event with an errno.
func pollOneoff(c *call) Errno {
	count := c.u32(2)
	if count == 0 || count > maxSubscriptions {
		return EINVAL
	}
	subscriptions, ok1 := c.bytes(c.u32(0), subscriptionSize*uint64(count))
	events, ok2 := c.bytes(c.u32(1), eventSize*uint64(count))
	_, ok3 := c.bytes(c.u32(3), 4)
	if !ok1 || !ok2 || !ok3 {
		return EFAULT
	}
	c.system.Guard.Work(16 * int(count))
	now := moment{uint64(max(c.system.Now().UnixNano(), 0)), uint64(c.system.elapsed())}
	first := uint64(math.MaxInt64) // how long it takes until something is due
	for s := subscriptions; len(s) > 0; s = s[subscriptionSize:] {
		wait, _ := now.until(s)
		first = min(first, wait)
	}
	if first > 0 {
		c.system.Guard.Sleep(time.Duration(first))
	}
	// The guest may want the events where the subscriptions are: none is overwritten before it is read.
	n := uint32(0)
	for s := subscriptions; len(s) > 0; s = s[subscriptionSize:] {
		wait, errno := now.until(s)
		if wait > first {
			continue
		}
		userdata, tag := binary.LittleEndian.Uint64(s), s[8]
		event := events[n*eventSize:][:eventSize]
		clear(event)
		binary.LittleEndian.PutUint64(event, userdata)
		binary.LittleEndian.PutUint16(event[8:], uint16(errno))
		event[10] = tag
		n++
	}
	return c.putSize(3, n)
}

// moment is what the clocks show, not coarse, in nanoseconds.
type moment struct{ wall, monotonic uint64 }

// until returns how many nanoseconds a subscription has to wait, 0 if it is due or can never be, for which errno is why.
func (m moment) until(subscription []byte) (wait uint64, errno Errno) {
	id := binary.LittleEndian.Uint32(subscription[16:])
	switch subscription[8] {
	case tagClock:
	case tagRead, tagWrite:
		if id > stderr {
			return 0, EBADF
		}
		return 0, ENOTSUP
	default:
		return 0, EINVAL
	}
	var now uint64
	switch id {
	case clockRealtime:
		now = m.wall
	case clockMonotonic:
		now = m.monotonic
	case clockProcess, clockThread:
		return 0, ENOTSUP
	default:
		return 0, EINVAL
	}
	shown := now - now%uint64(Resolution)
	due := binary.LittleEndian.Uint64(subscription[24:])
	if binary.LittleEndian.Uint16(subscription[40:])&flagAbstime == 0 {
		due = min(due, math.MaxInt64) + shown
	}
	if due <= shown {
		return 0, ESUCCESS
	}
	// Until the coarse clock shows it: a guest that looks sooner would only sleep again.
	due = min(due, math.MaxInt64)
	return (due+uint64(Resolution)-1)/uint64(Resolution)*uint64(Resolution) - now, ESUCCESS
}
