package handler

import (
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
)

// agents are the agents of requests, by how a query calls them.
type agents map[string]*http.Agent

// named returns an agent: "" is the global one, "none" none, and any other a name that begins with its MaxSockets, and with "k" behind
// that if it keeps connections, as in "8k".
func (a agents) named(name string) *http.Agent {
	switch name {
	case "":
		return http.GlobalAgent
	case "none":
		return http.NoAgent
	}
	if a[name] == nil {
		a[name] = http.NewAgent()
		digits := 0
		for digits < len(name) && name[digits] >= '0' && name[digits] <= '9' {
			digits++
		}
		a[name].MaxSockets, _ = strconv.Atoi(name[:digits]) // 0 is the default
		a[name].KeepAlive = digits < len(name) && name[digits] == 'k'
	}
	return a[name]
}
