// Package dialog has a program under test talk with a peer that knows TCP only, step by step, and keeps what happens: the
// events that the program tells of, and the bytes that come to the peer. testdata/events/README.md has the language of
// scripts, peers and logs.
//
// No step waits for time. Each waits for what must come, or for the program to say that it has dealt with all that came.
package dialog
