package main

import (
	"errors"
	"log/slog"
	"strings"
)

// logFormat is the value of --log-format.
type logFormat string

const (
	logText logFormat = "text"
	logJSON logFormat = "json"
)

func (*logFormat) Type() string { return "format" }

func (f *logFormat) String() string {
	if *f == "" {
		return string(logText)
	}
	return string(*f)
}

func (f *logFormat) Set(s string) error {
	if s != string(logText) && s != string(logJSON) {
		return errors.New("want text or json")
	}
	*f = logFormat(s)
	return nil
}

// logLevel is the value of --log-level.
type logLevel slog.Level

func (*logLevel) Type() string     { return "level" }
func (l *logLevel) String() string { return strings.ToLower(slog.Level(*l).String()) }

func (l *logLevel) Set(s string) error {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if s == strings.ToLower(level.String()) {
			*l = logLevel(level)
			return nil
		}
	}
	return errors.New("want debug, info, warn or error")
}
