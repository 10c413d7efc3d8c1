// Package events is the interpreter of event scripts for package http: testdata/events/README.md has their language, and
// testdata/node/events.js is the same for Node. It runs natively and, as the handler in program, in a sandbox.
package events
