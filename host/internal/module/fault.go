package module

import (
	"fmt"
	"strings"
)

// ContractError lists all reasons why a well-formed module cannot play a role.
type ContractError struct {
	Role   string // "handler" or "stack"
	Faults []Fault
}

// Fault is one odd import or export.
type Fault struct {
	Subject string // "import env.abort", "export on_event"; safe to print
	Reason  string // "missing"
}

func (f Fault) String() string { return f.Subject + ": " + f.Reason }

// maxShownFaults is how many faults the one line of Error names.
const maxShownFaults = 12

// Error names the faults in one line; when there are very many, the first of them.
func (e *ContractError) Error() string {
	var b strings.Builder
	b.WriteString("not a " + e.Role)
	for i, f := range e.Faults {
		if i == maxShownFaults {
			fmt.Fprintf(&b, "; and %d more", len(e.Faults)-i)
			break
		}
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(f.String())
	}
	return b.String()
}

func (e *ContractError) add(subject, reason string) {
	if reason != "" {
		e.Faults = append(e.Faults, Fault{subject, reason})
	}
}
