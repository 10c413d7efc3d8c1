// Package tlsfiles keeps a tls.Config up to date with the files that its certificates and trusted authorities are in.
//
//	files ──► pairs, authorities ──► *tls.Config, one for each version of the files
//
// There is no watcher: whoever needs a configuration looks at the files, once a second at most. So it makes no difference how a
// file is replaced (renamed over, written in place, behind a symbolic link, on a network file system), nothing is missed, and an
// idle process does nothing. What does not parse, does not match or is not valid now leaves what was loaded before in use.
package tlsfiles
