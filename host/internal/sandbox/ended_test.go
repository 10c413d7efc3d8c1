package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

func TestProgramsAreEnded(t *testing.T) {
	for _, test := range []struct {
		language, export string
		kind             Kind
	}{
		{"C", "loop", KindDeadline},
		{"C", "regexp", KindDeadline},
		{"C", "recurse", KindDepth},
		{"C", "allocate", KindMemory},
		{"C", "leave", KindExit},
		{"Go", "loop", KindDeadline},
		{"Go", "regexp", KindDeadline},
		{"Go", "yield", KindDeadline},
		{"Go", "goroutines", KindDeadline},
		{"Go", "collect", KindDeadline},
		{"Go", "sleep", KindDeadline},
		{"Go", "recurse", KindDepth},
		{"Go", "allocate", KindMemory},
		{"Go", "deadlock", KindTrap},
		{"Go", "panics", KindTrap},
		{"Go", "leave", KindExit},
	} {
		t.Run(test.language+" "+test.export, func(t *testing.T) {
			i := program(t, test.language, InstanceConfig{})
			budget := Budget{Time: 10 * time.Second} // longer than others take on a busy machine
			if test.kind == KindDeadline {
				budget.Time = 50 * time.Millisecond
			}
			i.SetBudget(budget)
			f := function(t, i, test.export, 0, 0)
			begin := time.Now()
			_, err := f.Call()
			took := time.Since(begin)
			kind(t, test.kind, err)
			if test.kind == KindDeadline {
				assert.ErrorIs(t, err, ErrDeadline)
				t.Logf("ended %v late", took-budget.Time)
			}
			if test.export == "leave" {
				var exit *wasi.ExitError
				require.ErrorAs(t, err, &exit)
				assert.EqualValues(t, 3, exit.Code)
			}
		})
	}
}
