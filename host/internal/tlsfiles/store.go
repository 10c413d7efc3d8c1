package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Interval is the shortest time between two looks at the files.
const Interval = time.Second

// Options say what a Store is made of.
type Options struct {
	Base        *tls.Config // all that is not in files; it must not be used otherwise
	Pairs       []Pair      // become Base's Certificates
	Authorities string      // a file with those whose clients are trusted: Base's ClientCAs; "" for none
	Log         *slog.Logger
	Now         func() time.Time // nil means time.Now
}

// Store keeps a tls.Config up to date with files. It is safe for concurrent use.
type Store struct {
	options Options
	current atomic.Pointer[tls.Config]
	due     atomic.Int64 // when to look at the files next, in nanoseconds; the clock is options.Now

	mu          sync.Mutex // held by who looks at the files
	pairs       []*source[tls.Certificate]
	authorities *source[*x509.CertPool] // nil: there is no such file
}

// Open reads the files. The error joins all that is wrong with them.
func Open(o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{options: o}
	for _, p := range o.Pairs {
		s.pairs = append(s.pairs, newSource(p.parse, p.Cert, p.Key))
	}
	if path := o.Authorities; path != "" {
		s.authorities = newSource(func(data [][]byte, _ time.Time) (*x509.CertPool, error) {
			return parseAuthorities(path, data[0])
		}, path)
	}
	now := o.Now()
	look := s.refresh(now)
	if err := errors.Join(look.faults...); err != nil {
		return nil, err
	}
	s.publish()
	s.warn(look.pairs)
	s.due.Store(now.Add(Interval).UnixNano())
	return s, nil
}

// Config returns the configuration for a connection that begins now. It is not to be changed. Each version of the files has a
// configuration with keys of its own for session tickets: what was trusted before is verified again.
func (s *Store) Config() *tls.Config {
	now := s.options.Now()
	if s.isDue(now) && s.mu.TryLock() { // others go on with what there is
		if s.isDue(now) {
			s.reload(now)
			s.due.Store(now.Add(Interval).UnixNano())
		}
		s.mu.Unlock()
	}
	return s.current.Load()
}

func (s *Store) isDue(now time.Time) bool { return now.UnixNano() >= s.due.Load() }

// reload looks at the files. s.mu is held.
func (s *Store) reload(now time.Time) {
	look := s.refresh(now)
	for _, err := range look.faults {
		s.options.Log.Error("changed TLS files are not used, but what was loaded before", "reason", err)
	}
	if len(look.pairs) == 0 && !look.authorities {
		return
	}
	s.publish()
	for _, i := range look.pairs {
		leaf := s.pairs[i].value.Leaf
		s.options.Log.Info("certificate reloaded", "file", s.options.Pairs[i].Cert, "serial", leaf.SerialNumber, "expires", leaf.NotAfter.UTC())
	}
	if look.authorities {
		s.options.Log.Info("client authorities reloaded", "file", s.options.Authorities)
	}
	s.warn(look.pairs)
}

// look is what came of a look at the files.
type look struct {
	pairs       []int // those that are new
	authorities bool  // they are new
	faults      []error
}

// refresh reads what has changed.
func (s *Store) refresh(now time.Time) (l look) {
	note := func(changed bool, err error) bool {
		if err != nil {
			l.faults = append(l.faults, err)
		}
		return changed
	}
	for i, p := range s.pairs {
		if note(p.refresh(now)) {
			l.pairs = append(l.pairs, i)
		}
	}
	l.authorities = s.authorities != nil && note(s.authorities.refresh(now))
	return l
}

// warn logs the private keys that are no secret on this machine.
func (s *Store) warn(pairs []int) {
	for _, i := range pairs {
		mode := s.pairs[i].files[1].info.Mode()
		if mode.Perm()&0o004 != 0 && runtime.GOOS != "windows" { // modes say nothing there
			s.options.Log.Warn("a private key can be read by every user of this machine", "file", s.options.Pairs[i].Key, "mode", mode.String())
		}
	}
}

// publish makes a configuration of what was loaded.
func (s *Store) publish() {
	c := s.options.Base.Clone()
	for _, p := range s.pairs {
		c.Certificates = append(c.Certificates, p.value)
	}
	if s.authorities != nil {
		c.ClientCAs = s.authorities.value
	}
	s.current.Store(c)
}
