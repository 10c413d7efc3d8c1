package host

import "time"

// Clock tells the time to a Runtime: its timeouts, the Date of responses, and what guests see of the time.
//
// Now is called from any goroutine. It must not go back. The wait for a timeout is in real time all the same: when another clock has
// passed it is noticed when something happens on the shard.
type Clock interface{ Now() time.Time }
