// Package filewatch tells when files have changed, so that what was read of them can be read again.
//
// It watches the directories, not the files: a file is replaced by renaming another one over it, or by a symbolic link that leads
// elsewhere, and a watch of the old one would see nothing. Notices of the system only say when to look. What counts is
// which file is there, how large it is and when it was written. So notices that do not come, as from a network file system, delay
// a change until the next regular look and no more.
package filewatch

import (
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Config configures a Watcher.
type Config struct {
	// Changed is called with the files that have changed, by the paths given to New, when none of them has changed any more for
	// Settle: so files that belong together, as a certificate and its key, are seen together, and none that is half written. It is
	// called on one goroutine, and not for a file that is missing, before it is back.
	Changed func(paths []string)

	Settle   time.Duration // 0 means DefaultSettle
	Interval time.Duration // between two looks without a notice; 0 means DefaultInterval
	Logger   *slog.Logger  // gets why there are no notices, if there are none; nil means slog.Default
}

// Defaults of Config.
const (
	DefaultSettle   = 100 * time.Millisecond
	DefaultInterval = 2 * time.Second
)

// Watcher watches files until it is closed.
type Watcher struct {
	config  Config
	notify  *fsnotify.Watcher // nil: there are no notices
	files   []*file
	closing chan struct{}
	close   sync.Once
	done    chan struct{}
}

// New watches files. What is there now is not a change. A file that is missing is one when it appears.
func New(paths []string, c Config) *Watcher {
	if c.Settle <= 0 {
		c.Settle = DefaultSettle
	}
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	w := &Watcher{config: c, closing: make(chan struct{}), done: make(chan struct{})}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		c.Logger.Warn("files are looked at in intervals only", "interval", c.Interval, "reason", err)
	} else {
		w.notify = notify
	}
	for _, path := range paths {
		w.files = append(w.files, &file{path: path})
	}
	w.subscribe() // first, so that nothing is missed
	for _, f := range w.files {
		f.seen = look(f.path)
		f.known = f.seen
	}
	go w.run()
	return w
}

// Close ends the watching, and returns when Changed is not running and will not be called any more. Changed must not call it.
func (w *Watcher) Close() {
	w.close.Do(func() { close(w.closing) })
	<-w.done
}

func (w *Watcher) run() {
	defer close(w.done)
	var events <-chan fsnotify.Event
	var failures <-chan error
	if w.notify != nil {
		defer func() { _ = w.notify.Close() }() // it was only listened to
		events, failures = w.notify.Events, w.notify.Errors
	}
	interval := time.NewTicker(w.config.Interval)
	defer interval.Stop()
	settled := time.NewTimer(0)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-w.closing:
			return
		case <-events: // whichever it is: a link on the way may have changed
		case err := <-failures: // too many events, mostly: so it looks at all of them
			w.config.Logger.Debug("notices of changed files were lost", "reason", err)
		case <-interval.C:
			w.subscribe() // a directory may be back
		case <-settled.C:
			if !w.look() {
				w.report()
				continue
			}
		}
		if w.look() {
			settled.Reset(w.config.Settle)
		}
	}
}

// subscribe asks for notices of all directories that the files are in, those that links lead to among them. That a directory
// is missing or is watched already does not matter.
func (w *Watcher) subscribe() {
	if w.notify == nil {
		return
	}
	for _, f := range w.files {
		_ = w.notify.Add(filepath.Dir(f.path))
		if target, err := filepath.EvalSymlinks(f.path); err == nil {
			_ = w.notify.Add(filepath.Dir(target))
		}
	}
}

// look looks at all files and reports whether one is not as it was at the last look.
func (w *Watcher) look() bool {
	moved := false
	for _, f := range w.files {
		if now := look(f.path); !same(now, f.seen) {
			f.seen = now
			moved = true
		}
	}
	return moved
}

// report tells of all files that are not as they were when they were last told of.
func (w *Watcher) report() {
	var changed []string
	for _, f := range w.files {
		if f.seen != nil && !same(f.seen, f.known) {
			f.known = f.seen
			changed = append(changed, f.path)
		}
	}
	if len(changed) > 0 {
		w.subscribe() // a link may lead elsewhere now
		w.config.Changed(changed)
	}
}
