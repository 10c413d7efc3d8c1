package stack

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// An idle connection owns a conn and nothing else of the engine's; a change of its size should be a decision.
func TestConnSize(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(conn{}), uintptr(896))
	t.Logf("conn %d, of which parser %d, timer %d, queue %d; exchange %d", unsafe.Sizeof(conn{}), unsafe.Sizeof(conn{}.parser),
		unsafe.Sizeof(timer{}), unsafe.Sizeof(queue{}), unsafe.Sizeof(exchange{}))
}
