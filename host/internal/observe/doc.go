// Package observe turns what shards tell of handlers and their requests into metrics for Prometheus and spans for OpenTelemetry.
//
//	Hub ── one for each Runtime ──► Handler ── one for each version, is a shard.Observer ──► exchange ── one for each request
//	 │                                 │                                                        │
//	 └► registration, shared           └► series, shared by versions of a name ──► route        └► span
//	    by Runtimes
//
// What there can be of series follows from configuration: names of handlers, patterns of routes, and sets of methods, statuses and kinds that
// are written down here. Nothing that a client sends or a handler answers makes more of them. A request costs a few additions to numbers
// that were looked up before, and no allocation, unless it is traced: see BenchmarkRequest.
package observe
