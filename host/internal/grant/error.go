package grant

import (
	"fmt"
	"strings"
)

// Error says what is not granted, and how to grant it. Target is a handler's text: Error quotes it.
type Error struct {
	act    act
	Target string // "host:port", "host:*", "unix:/path" or "fd:N"
	why    string // what is special about it; "" mostly
}

// act is what a handler may be granted.
type act struct{ verb, grant, flag, field string }

var (
	connecting = act{"connecting to", "connect", "--allow-connect", "host.Grants.Connect"}
	resolving  = act{"resolving", "connect", "--allow-connect", "host.Grants.Connect"}
	listening  = act{"listening on", "listen", "--allow-listen", "host.Grants.Listen"}
)

// Grant names the kind of grant that is missing: "connect" or "listen".
func (e *Error) Grant() string { return e.act.grant }

func (e *Error) Error() string { return e.For("serve") }

// For is what Error says to a user of another command than `porthole serve`.
func (e *Error) For(command string) string {
	target := fmt.Sprintf("%q", e.Target)
	if e.why != "" {
		target = "the " + e.why + " address " + target
	}
	return fmt.Sprintf("%s %s needs the grant %q: porthole %s %s %s, or %s",
		e.act.verb, target, e.act.grant, command, e.act.flag, e.suggestion(), e.act.field)
}

// suggestion is the rule to give. It may be copied to a shell, so what is not plain is not repeated.
func (e *Error) suggestion() string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_/"
	if strings.Trim(e.Target, plain) == "" && !strings.HasPrefix(e.Target, "-") {
		return e.Target
	}
	if bare := strings.NewReplacer("[", "", "]", "", "*", "").Replace(e.Target); strings.Trim(bare, plain) == "" {
		return "'" + e.Target + "'" // an IPv6 address or any port: to a shell a pattern
	}
	return "RULE"
}
