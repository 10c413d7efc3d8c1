//go:build linux

package main

// growth is how cost grows with what there is more of.
var growth = []benchCase{}
