package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/portholehttp/porthole/host"
)

// variables is the value of --env: a flag that may be repeated.
type variables []string

func (v *variables) String() string { return strings.Join(*v, " ") }
func (v *variables) Type() string   { return "name=value" }

func (v *variables) Set(s string) error {
	name, _, given := strings.Cut(s, "=")
	if name == "" || strings.ContainsRune(s, 0) {
		return errors.New("want NAME=VALUE or NAME")
	}
	if !given {
		value, ok := os.LookupEnv(name)
		if !ok {
			return errors.New("there is no such variable to pass on")
		}
		s += "=" + value
	}
	*v = append(*v, s)
	return nil
}

// directories is the value of --dir: a flag that may be repeated.
type directories []host.ProgramDir

func (d *directories) String() string {
	var all []string
	for _, dir := range *d {
		all = append(all, dir.Host+":"+dir.Guest)
	}
	return strings.Join(all, " ")
}

func (d *directories) Type() string { return "directory" }

func (d *directories) Set(s string) error {
	s, readOnly := strings.CutSuffix(s, ":ro")
	volume := filepath.VolumeName(s) // it has a colon, on Windows
	path, guest, given := strings.Cut(s[len(volume):], ":")
	at := volume + path
	if !given {
		guest = filepath.ToSlash(path)
	}
	if path == "" || !strings.HasPrefix(guest, "/") {
		return errors.New("want HOST:GUEST or HOST, then maybe :ro, where what the program sees is an absolute path")
	}
	if info, err := os.Stat(at); err != nil || !info.IsDir() {
		return errors.New("there is no such directory")
	}
	*d = append(*d, host.ProgramDir{Host: at, Guest: guest, ReadOnly: readOnly})
	return nil
}
