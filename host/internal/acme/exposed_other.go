//go:build !unix

package acme

import "io/fs"

// exposed knows nothing here: what the directory inherits from the one it is in decides.
func exposed(fs.FileInfo) string { return "" }
