package tests

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/dialog"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// TestEvents runs the scripts in testdata/events, and compares what happens with what is recorded: there stands the log of
// ours, and of the Node of the document and of today's where they differ, with the reason. A difference that is not there
// fails, as does one that is there and does not occur.
func TestEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/events/[a-z]*.md")
	require.NoError(t, err)
	documents := map[string]*dialog.Document{}
	total := 0
	dir := t.TempDir()
	sockets := map[*dialog.Scenario]string{} // for those that want one: the path before the subject
	for _, file := range files {
		documents[file], err = dialog.Read(file)
		require.NoError(t, err)
		total += len(documents[file].Scenarios)
		for _, s := range documents[file].Scenarios {
			checkDifferences(t, s)
			if s.Unix() {
				sockets[s] = filepath.Join(dir, strconv.Itoa(len(sockets)))
			}
		}
	}
	require.GreaterOrEqual(t, total, 200)
	for i := range eventSubjects {
		s := &eventSubjects[i]
		t.Run(s.name, func(t *testing.T) {
			start := s.prepare(t, s.sockets(sockets))
			for _, file := range files {
				for _, scenario := range documents[file].Scenarios {
					t.Run(strings.TrimSuffix(filepath.Base(file), ".md")+"/"+scenario.Title, func(t *testing.T) {
						t.Parallel()
						path := ""
						if scenario.Unix() {
							path = s.socket(sockets[scenario])
						}
						runEvents(t, s, start, scenario, path)
					})
				}
			}
		})
	}
	if *update && !t.Failed() {
		for file, d := range documents {
			require.NoError(t, d.Write(file))
		}
	}
}

// checkDifferences holds what is listed against what may be.
func checkDifferences(t *testing.T, s *dialog.Scenario) {
	for name, d := range s.Differ {
		known := slices.ContainsFunc(eventSubjects, func(s eventSubject) bool { return s.name == name && !s.ours })
		assert.True(t, known, "%s: who is %s?", s.Title, name)
		if !*update {
			assert.NotEmpty(t, d.Reason, "%s: why does %s differ?", s.Title, name)
			assert.NotEqual(t, s.Want, d.Log, "%s: %s is listed with a difference that is none", s.Title, name)
		}
	}
}

// eventSubject is a way to run scripts.
type eventSubject struct {
	name    string // in the documents
	ours    bool
	prepare func(t *testing.T, sockets []string) startEvents
}

type startEvents func(t *testing.T, stage *dialog.Stage, script, peer string) (dialog.Program, error)

// The subjects. Where they need a log of ours, those of ours come first.
var eventSubjects = []eventSubject{
	{name: "native", ours: true, prepare: func(*testing.T, []string) startEvents { return nativeEvents }},
	{name: "wasm", ours: true, prepare: hostedEvents},
	{name: "node-0.8", prepare: func(t *testing.T, _ []string) startEvents { return nodeEvents(subject.NeedOldNode(t)) }},
	{name: "node-20", prepare: func(t *testing.T, _ []string) startEvents { return nodeEvents(subject.NeedNode(t, "20")) }},
}

// socket is the path of a scenario's Unix socket: each run makes its own.
func (s *eventSubject) socket(path string) string { return path + "-" + s.name }

func (s *eventSubject) sockets(paths map[*dialog.Scenario]string) (list []string) {
	for _, path := range paths {
		list = append(list, s.socket(path))
	}
	return list
}

func nativeEvents(_ *testing.T, stage *dialog.Stage, script, peer string) (dialog.Program, error) {
	return subject.StartNativeEvents(stage, script, peer)
}

func hostedEvents(t *testing.T, sockets []string) startEvents {
	h, err := subject.StartEventsHost(t.TempDir(), sockets)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, h.Close()) })
	return func(_ *testing.T, stage *dialog.Stage, script, peer string) (dialog.Program, error) {
		return h.Start(stage, script, peer)
	}
}

func nodeEvents(path string) startEvents {
	return func(t *testing.T, stage *dialog.Stage, script, peer string) (dialog.Program, error) {
		file := filepath.Join(t.TempDir(), "script")
		return dialog.StartNode(stage, path, "testdata/node/events.js", file, script, peer)
	}
}

func runEvents(t *testing.T, s *eventSubject, start startEvents, scenario *dialog.Scenario, path string) {
	expected := scenario.Expected(s.name)
	if *update {
		expected = ""
	}
	stage := dialog.NewStage()
	peer, err := dialog.Listen(stage, expected, path, scenario.Serves())
	require.NoError(t, err)
	defer peer.Close()
	program, err := start(t, stage, scenario.Script, peer.Address())
	require.NoError(t, err)
	defer program.Stop()
	log, err := peer.Run(program, scenario.Peer)
	if *update {
		require.NoError(t, err, "%s", log)
		scenario.Record(s.name, log, s.ours)
		return
	}
	assert.Equal(t, expected, log)
	assert.NoError(t, err)
}
