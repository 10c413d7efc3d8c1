package host

import (
	"fmt"
)

// Isolation says what of one request the next one can see.
type Isolation uint8

const (
	// Shared is one instance for each shard, which serves all its requests, also at the same time, and keeps its memory: what
	// Node programs expect. A request can find what another one has left.
	Shared Isolation = iota
	// Pooled is up to Limits.MaxInstances instances for each shard. One serves a single request at a time, and keeps its memory.
	Pooled
	// Fresh is Pooled, but every request finds the instance as it was after its start: nothing of another request.
	Fresh
)

var isolations = [...]string{Shared: "shared", Pooled: "pooled", Fresh: "fresh"}

// String returns "shared", "pooled" or "fresh".
func (i Isolation) String() string {
	if int(i) < len(isolations) {
		return isolations[i]
	}
	return fmt.Sprintf("Isolation(%d)", i)
}

// MarshalText implements encoding.TextMarshaler.
func (i Isolation) MarshalText() ([]byte, error) { return []byte(i.String()), i.validate() }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *Isolation) UnmarshalText(text []byte) error {
	for n, name := range isolations {
		if name == string(text) {
			*i = Isolation(n)
			return nil
		}
	}
	return fmt.Errorf("want shared, pooled or fresh")
}

func (i Isolation) validate() error {
	if int(i) < len(isolations) {
		return nil
	}
	return fmt.Errorf("host: Isolation is %d, want Shared, Pooled or Fresh", i)
}
