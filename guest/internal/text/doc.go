// Package text relates text and bytes: Node's encodings, and names without regard to case.
package text
