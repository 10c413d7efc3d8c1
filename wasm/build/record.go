package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// record is the content of stack.sum: what the artifact is and what it was made of.
type record struct {
	goVersion string            // of the compiler; not compared
	artifact  string            // SHA-256
	inputs    map[string]string // "source PATH" → SHA-256, "module PATH" → version, "flags", "language"
}

const recordHeader = "# What stack.wasm was built from. Written by `make artifact`; do not edit.\n"

// inputsOf collects all that decides what pkg compiles to, but for the compiler itself. The sources of
// other modules are decided by their version, which go.sum pins.
func inputsOf(root, pkg string) (map[string]string, error) {
	packages, err := dependencies(root, pkg)
	if err != nil {
		return nil, err
	}
	inputs := map[string]string{"flags": strings.Join(buildFlags, " ")}
	for _, p := range packages {
		if p.Standard || p.Module == nil {
			continue
		}
		if !p.Module.Main {
			inputs["module "+p.Module.Path] = p.Module.Version
			continue
		}
		inputs["language"] = p.Module.GoVersion
		var files []string
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles, p.SFiles, p.HFiles) {
			files = append(files, filepath.Join(p.Dir, name))
		}
		if profile := filepath.Join(p.Dir, profileName); exists(profile) {
			files = append(files, profile)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			rel, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			inputs["source "+filepath.ToSlash(rel)] = hash(data)
		}
	}
	return inputs, nil
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// format returns the text of r: one line per fact, a key and its value with a tab between, sorted.
func (r record) format() []byte {
	var b strings.Builder
	b.WriteString(recordHeader)
	fmt.Fprintf(&b, "go\t%s\nartifact\t%s\n", r.goVersion, r.artifact)
	for _, key := range slices.Sorted(maps.Keys(r.inputs)) {
		fmt.Fprintf(&b, "%s\t%s\n", key, r.inputs[key])
	}
	return []byte(b.String())
}

// parseRecord is the inverse of format.
func parseRecord(text []byte) (record, error) {
	r := record{inputs: map[string]string{}}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "\t")
		if !ok {
			return record{}, fmt.Errorf("line %d has no tab", number)
		}
		switch key {
		case "go":
			r.goVersion = value
		case "artifact":
			r.artifact = value
		default:
			r.inputs[key] = value
		}
	}
	if r.goVersion == "" || r.artifact == "" {
		return record{}, fmt.Errorf("no line says go or artifact")
	}
	return r, nil
}

// difference lists what is in one of the two sets of inputs and not, or otherwise, in the other.
func difference(recorded, now map[string]string) []string {
	var lines []string
	for key, value := range now {
		switch old, known := recorded[key]; {
		case !known:
			lines = append(lines, key+": new")
		case old != value && strings.HasPrefix(key, "source "):
			lines = append(lines, key+": changed")
		case old != value:
			lines = append(lines, fmt.Sprintf("%s: was %s, is %s", key, old, value))
		}
	}
	for key := range recorded {
		if _, still := now[key]; !still {
			lines = append(lines, key+": gone")
		}
	}
	slices.Sort(lines)
	return lines
}

// profileName is what the compiler looks for beside a main package.
const profileName = "default.pgo"

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
