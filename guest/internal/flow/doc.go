// Package flow has what messages and sockets have in common as streams of bytes: Node's readable stream, and pipe.
package flow
