//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noting is a case of three servers that says who was measured, the second of which fails as it is told.
func noting(t *testing.T, order *[]string, fails func() error) benchCase {
	return benchCase{
		name:    "noting",
		columns: []column{{metric: cpu}},
		targets: []target{{subject: "a", metric: cpu, plus: 1}},
		subjects: func(_ context.Context, s *setup) ([]subject, error) {
			s.skip("d is not installed")
			s.skip("d is not installed")
			var subjects []subject
			for _, name := range []string{"a", "b", "c"} {
				subjects = append(subjects, subject{name: name, command: testCommand(t, "200"), measure: func(context.Context, *server) (figures, error) {
					*order = append(*order, name)
					if name == "b" {
						if err := fails(); err != nil {
							return nil, err
						}
					}
					return figures{cpu: float64(len(*order))}, nil
				}})
			}
			return subjects, nil
		},
	}
}

func TestRoundsBeginWithAnotherServerEach(t *testing.T) {
	var order []string
	r := noting(t, &order, func() error { return nil }).run(context.Background(), testSetup(t))
	assert.Equal(t, []string{"a", "b", "c", "b", "c", "a", "c", "a", "b"}, order)
	assert.Empty(t, r.Failures)
	assert.Equal(t, []string{"d is not installed"}, r.Skipped)
	require.Len(t, r.Rows, 3)
	assert.Equal(t, row{Subject: "a", Medians: figures{cpu: 6}, Rounds: []figures{{cpu: 1}, {cpu: 6}, {cpu: 8}}}, r.Rows[0])
	require.Len(t, r.Targets, 1)
	assert.True(t, r.Targets[0].Known)
	assert.False(t, r.Targets[0].Met)
}

func TestFailureLosesNothingElse(t *testing.T) {
	var order []string
	s := testSetup(t)
	s.rounds = 2
	failures := []error{errors.New("answered 500"), nil}
	r := noting(t, &order, func() (err error) {
		err, failures = failures[0], failures[1:]
		return err
	}).run(context.Background(), s)
	require.Len(t, r.Failures, 1)
	assert.Contains(t, r.Failures[0], "FAILED: b, round 1: answered 500")
	assert.Len(t, r.Rows[0].Rounds, 2)
	assert.Len(t, r.Rows[1].Rounds, 1)
	assert.Len(t, r.Rows[2].Rounds, 2)
}

func TestServerThatDoesNotStartIsSaidOnce(t *testing.T) {
	var order []string
	c := noting(t, &order, func() error { return nil })
	subjects := c.subjects
	c.subjects = func(ctx context.Context, s *setup) ([]subject, error) {
		all, err := subjects(ctx, s)
		all[1].command = testCommand(t, "")
		return all, err
	}
	r := c.run(context.Background(), testSetup(t))
	require.Len(t, r.Failures, 1)
	assert.Contains(t, r.Failures[0], "FAILED: b does not start: it ended before it was ready: exit status 3")
	assert.Equal(t, []string{"a", "c", "c", "a", "c", "a"}, order)
	assert.Equal(t, []string{"a", "b", "c"}, []string{r.Rows[0].Subject, r.Rows[1].Subject, r.Rows[2].Subject})
}

func TestCaseThatCannotBeSetUp(t *testing.T) {
	c := benchCase{name: "broken", subjects: func(context.Context, *setup) ([]subject, error) { return nil, errors.New("build: no") }}
	r := c.run(context.Background(), testSetup(t))
	assert.Equal(t, []string{"FAILED: build: no"}, r.Failures)
	var out bytes.Buffer
	r.writeTo(&out)
	assert.Contains(t, out.String(), "FAILED: build: no")
}

func TestCanceledCaseSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var order []string
	r := noting(t, &order, func() error { return nil }).run(ctx, testSetup(t))
	assert.Empty(t, order)
	assert.Len(t, r.Failures, 1)
}

// A load on a server gives all figures of a table.
func TestUnderLoad(t *testing.T) {
	s := testSetup(t)
	c := benchCase{name: "hello", subjects: func(context.Context, *setup) ([]subject, error) {
		return []subject{{name: "a", command: testCommand(t, "200"), measure: s.hello}}, nil
	}}
	r := c.run(context.Background(), s)
	require.Empty(t, r.Failures)
	for _, column := range append(helloCase.columns, shardsFreeCase.columns...) {
		assert.Positive(t, r.Rows[0].Medians[column.metric], "%s", column.metric)
	}
}

func TestChoose(t *testing.T) {
	chosen, err := choose("", false)
	require.NoError(t, err)
	assert.Len(t, chosen, len(cases)-1)
	assert.NotContains(t, caseNames(chosen), "quick")
	chosen, err = choose("", true)
	require.NoError(t, err)
	assert.Equal(t, caseNames(growth), caseNames(chosen))
	chosen, err = choose("echo,series-body,quick", false)
	require.NoError(t, err)
	assert.Equal(t, []string{"echo", "series-body", "quick"}, caseNames(chosen))
	_, err = choose("nothing", false)
	assert.ErrorContains(t, err, `no case "nothing"`)
}

// What a target is about must be in its case's table: a name or metric that nothing has would never be met, nor missed.
func TestTargetsAreOfTheirTables(t *testing.T) {
	for _, c := range append(cases, growth...) {
		for _, target := range c.targets {
			found := false
			for _, column := range c.columns {
				found = found || column.metric == target.metric
			}
			assert.True(t, found, "%s: %s", c.name, target)
		}
	}
}
