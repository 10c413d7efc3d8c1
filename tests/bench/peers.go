//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// example is the import path of one of Porthole's examples.
func example(name string) string { return "github.com/portholehttp/porthole/examples/" + name }

// portholeServing is the command line with a handler that is built for it.
func (s *setup) portholeServing(name, handler string, flags ...string) (subject, error) {
	wasm, err := s.guest(handler)
	if err != nil {
		return subject{}, err
	}
	return s.portholeWith(name, append(flags, wasm)...), nil
}

// portholeWith is the command line with these arguments. Its keep-alive limit is off, as clients here may be slow to ask, and it keeps compiled
// modules where they end with the run.
func (s *setup) portholeWith(name string, args ...string) subject {
	return subject{name: name, command: func(address string) ([]string, error) {
		common := []string{s.porthole, "serve", "--listen", address, "--keep-alive-timeout", "0", "--log-level", "warn",
			"--cache-dir", filepath.Join(s.out, "cache")}
		return append(common, args...), nil
	}}
}

// peer is a program below peers.
func (s *setup) peer(name, program string, args ...string) (subject, error) {
	file, err := s.builder.command("./peers/" + program)
	if err != nil {
		return subject{}, err
	}
	return subject{name: name, command: func(address string) ([]string, error) {
		return append([]string{file, "-listen", address}, args...), nil
	}}, nil
}

// guestPeer is a program below peers that runs the guest of the same name.
func (s *setup) guestPeer(name, program string) (subject, error) {
	guest, err := s.guest("./guests/" + program)
	if err != nil {
		return subject{}, err
	}
	return s.peer(name, program, "-guest", guest)
}

//go:embed peers/node.js
var nodeScript []byte

// node is the script below peers, which serves one thing or another. It is left out if there is no Node.
func (s *setup) node(serve string) (subject, bool, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		s.skip("Node is not installed (Debian's package nodejs): left out.")
		return subject{}, false, nil
	}
	script := filepath.Join(s.out, "node.js")
	if err := os.WriteFile(script, nodeScript, 0o600); err != nil {
		return subject{}, false, err
	}
	return subject{name: nodeName, command: func(address string) ([]string, error) {
		return []string{node, script, address, serve}, nil
	}}, true, nil
}

//go:embed peers/nginx.conf
var nginxConfig string

// nginx has a configuration of one location, and more of its http block. It is left out if it is not installed.
func (s *setup) nginx(location string, http string) (subject, bool, error) {
	nginx, err := findNginx()
	if err != nil {
		s.skip("nginx is not installed (Debian's package nginx-light): left out.")
		return subject{}, false, nil
	}
	return subject{name: "nginx, 1 worker", command: func(address string) ([]string, error) {
		dir, err := os.MkdirTemp(s.out, "nginx-*")
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, "nginx.conf")
		config := strings.NewReplacer("{address}", address, "{location}", location, "{http}", http, "{dir}", dir).Replace(nginxConfig)
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			return nil, err
		}
		return []string{nginx, "-p", dir, "-c", file, "-e", "stderr"}, nil
	}}, true, nil
}

// findNginx looks where daemons are too, which is not on every user's path.
func findNginx() (string, error) {
	if file, err := exec.LookPath("nginx"); err == nil {
		return file, nil
	}
	return exec.LookPath("/usr/sbin/nginx")
}

// versions says what the peers are that are not of this module's go.mod.
func (s *setup) versions() []string {
	var said []string
	if node, err := exec.LookPath("node"); err == nil {
		said = append(said, "Node "+output(node, "--version"))
	}
	if nginx, err := findNginx(); err == nil {
		said = append(said, output(nginx, "-v"))
	}
	return said
}

func output(command string, args ...string) string {
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s: %v", command, err)
	}
	return strings.TrimSpace(string(out))
}
