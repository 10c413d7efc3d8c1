package linear_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkReset is what it costs to write to some pages of the machine of a memory, and to reset it.
func BenchmarkReset(b *testing.B) {
	for _, pages := range []uint64{1, 3, 8, 16, 40} {
		for _, dirty := range []int{2, 16} {
			for _, by := range mechanisms(b) {
				b.Run(fmt.Sprintf("%dKiB/dirty%d/%v", pages*64, dirty, by), func(b *testing.B) {
					m := memory(b)
					g := newGuest(b, m)
					g.call("grow", pages-1)
					g.call("fill", 0, 1, pages*page)
					require.NoError(b, m.SnapshotBy(by, g.memory))
					view := g.view()
					for b.Loop() {
						for n := range dirty {
							view[n*4096]++
						}
						if err := m.Reset(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
