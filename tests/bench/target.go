//go:build linux

package main

import "fmt"

// target is what a figure of a subject should be: at most, or at least, factor times that of another subject plus a constant.
type target struct {
	subject string
	metric  metric
	atLeast bool
	factor  float64
	than    string // "": plus alone is the limit
	plus    float64
}

// verdict is a target beside what was measured.
type verdict struct {
	Target   string  `json:"target"`
	Measured string  `json:"measured"`
	Value    float64 `json:"value"` // in the terms of the target: a ratio, a difference or the figure itself
	Met      bool    `json:"met"`
	Known    bool    `json:"known"` // false if a subject has no such figure
}

func (t target) String() string {
	sign := "≤"
	if t.atLeast {
		sign = "≥"
	}
	switch {
	case t.than == "":
		return fmt.Sprintf("%s: %s %s %g", t.subject, t.metric, sign, t.plus)
	case t.plus != 0:
		return fmt.Sprintf("%s: %s %s %s + %g", t.subject, t.metric, sign, t.than, t.plus)
	default:
		return fmt.Sprintf("%s: %s %s %g × %s", t.subject, t.metric, sign, t.factor, t.than)
	}
}

// judge compares with the medians of the subjects.
func (t target) judge(of map[string]figures) verdict {
	v := verdict{Target: t.String(), Measured: "not measured"}
	own, ok := of[t.subject][t.metric]
	if !ok {
		return v
	}
	limit := t.plus
	if t.than != "" {
		other, ok := of[t.than][t.metric]
		if !ok || other == 0 {
			return v
		}
		limit += t.factor * other
		if t.plus != 0 {
			v.Value = own - t.factor*other
			v.Measured = fmt.Sprintf("%s + %.1f", t.than, v.Value)
		} else {
			v.Value = own / other
			v.Measured = fmt.Sprintf("%.2f ×", v.Value)
		}
	} else {
		v.Value = own
		v.Measured = fmt.Sprintf("%.1f", own)
	}
	v.Known, v.Met = true, own <= limit
	if t.atLeast {
		v.Met = own >= limit
	}
	return v
}
