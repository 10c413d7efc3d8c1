package observe

import (
	"bytes"
	"net"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// spanStart is how spans of one handler, route and method begin.
type spanStart struct {
	name     string
	constant []attribute.KeyValue
	other    bool // the method is none of methods
}

func newSpanStart(handler, pattern string, method int) spanStart {
	route := pattern[max(strings.IndexByte(pattern, '/'), 0):] // without the host, which is no part of http.route
	name, known := methods[method], semconv.HTTPRequestMethodKey.String(methods[method])
	if method == otherMethod {
		name, known = "HTTP", semconv.HTTPRequestMethodOther
	}
	return spanStart{
		name:     name + " " + route,
		constant: []attribute.KeyValue{known, semconv.HTTPRoute(route), handlerKey.String(handler)},
		other:    method == otherMethod,
	}
}

// attributes returns those a span begins with, so that a sampler sees them. The query of the target is not among them: it may hold what is
// secret.
func (s *spanStart) attributes(r *shard.Request) trace.SpanStartEventOption {
	attributes := append(make([]attribute.KeyValue, 0, len(s.constant)+4), s.constant...)
	if path := pathOf(r.Target); len(path) > 0 {
		attributes = append(attributes, semconv.URLPath(clip(path)))
	}
	if len(r.Host) > 0 {
		host, port := splitHost(clip(r.Host))
		attributes = append(attributes, semconv.ServerAddress(host))
		if port > 0 {
			attributes = append(attributes, semconv.ServerPort(port))
		}
	}
	if s.other {
		attributes = append(attributes, semconv.HTTPRequestMethodOriginal(clip(r.Method)))
	}
	return trace.WithAttributes(attributes...)
}

// maxAttribute is the most bytes of a text of the client's that a span keeps.
const maxAttribute = 1024

func clip(text []byte) string { return labelValue(string(text[:min(len(text), maxAttribute)])) }

// pathOf returns the path of a request's target (RFC 9112 §3.2), empty for the target of CONNECT, which has none.
func pathOf(target []byte) []byte {
	if _, rest, ok := bytes.Cut(target, []byte("://")); ok && target[0] != '/' {
		target = rest[max(bytes.IndexAny(rest, "/?"), 0):]
	}
	if len(target) == 0 || target[0] != '/' && string(target) != "*" {
		return nil
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	return path
}

// splitHost splits a Host field. The port is 0 if there is none.
func splitHost(field string) (host string, port int) {
	host, digits, err := net.SplitHostPort(field)
	if err != nil {
		return strings.Trim(field, "[]"), 0
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return host, 0
	}
	return host, int(n)
}
