package instrument

import "fmt"

// Rule names what a module was refused for. Rules are for programs to tell refusals apart; Refusal.Error is for people.
type Rule string

// Refusal says why a module is not run although it may be well-formed: it could do harm before any of its code runs, in the
// compiler, or evade what bounds it.
type Refusal struct {
	Rule     Rule
	Function int    // index of the function it is about, imported ones first; -1: none
	Have     uint64 // what the module has, in the unit of Rule; 0 if Rule is not about a number
	Limit    uint64 // the most that is accepted
	Detail   string // what Rule alone does not say; safe to print
}

func (e *Refusal) Error() string {
	text := "module refused: "
	if e.Function >= 0 {
		text += fmt.Sprintf("function %d: ", e.Function)
	}
	text += string(e.Rule)
	if e.Detail != "" {
		text += " " + e.Detail
	}
	if e.Limit > 0 {
		text += fmt.Sprintf(": %d, more than the limit of %d", e.Have, e.Limit)
	}
	return text
}

func refuse(rule Rule, detail string) *Refusal {
	return &Refusal{Rule: rule, Function: -1, Detail: detail}
}
