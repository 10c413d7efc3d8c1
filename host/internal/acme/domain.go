package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Pauses between attempts that fail. Authorities allow five failures an hour, or fewer.
const (
	retryMin = 2 * time.Minute // a minute is how long autocert remembers a failure
	retryMax = 2 * time.Hour
)

// domain is a domain and its certificate.
type domain struct {
	name   string
	obtain func(name string) (*tls.Certificate, error)

	mu      sync.Mutex
	has     bool          // there is a certificate, from now on
	err     error         // why there is none yet
	attempt chan struct{} // closed when the attempt under way is over; nil: none is
}

func newDomain(name string, obtain func(string) (*tls.Certificate, error)) *domain {
	return &domain{name: name, obtain: obtain, attempt: make(chan struct{})}
}

// wait returns nil once there is a certificate. It waits for an attempt that is under way, and returns why the last one failed
// if none is.
func (d *domain) wait(ctx context.Context) error {
	d.mu.Lock()
	has, err, attempt := d.has, d.err, d.attempt
	d.mu.Unlock()
	switch {
	case has:
		return nil
	case attempt == nil:
		return err
	}
	select {
	case <-attempt:
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.err
	case <-ctx.Done():
		return errors.New("it is still being obtained")
	}
}

// keep obtains a certificate, however long that takes, and then watches over it.
func (d *domain) keep(ctx context.Context, log *slog.Logger) {
	for retry := retryMin; ; retry = min(2*retry, retryMax) {
		c, err := d.try()
		if err == nil {
			log.Info("certificate obtained", "domain", d.name, "expires", c.Leaf.NotAfter.UTC())
			d.watch(ctx, log, c)
			return
		}
		if ctx.Err() != nil {
			return
		}
		log.Error("no certificate was obtained", "domain", d.name, "reason", err, "retry", retry)
		if !sleep(ctx, retry) {
			return
		}
	}
}

// try makes one attempt.
func (d *domain) try() (*tls.Certificate, error) {
	d.mu.Lock()
	if d.attempt == nil {
		d.attempt = make(chan struct{})
	}
	d.mu.Unlock()
	c, err := d.obtain(d.name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.has, d.err = err == nil, err
	close(d.attempt)
	d.attempt = nil
	return c, err
}

// watch says so when a certificate has not been renewed although it is about time: autocert tries when a third of its life is left,
// again and again, and tells nobody.
func (d *domain) watch(ctx context.Context, log *slog.Logger, c *tls.Certificate) {
	for {
		late := c.Leaf.NotAfter.Add(-c.Leaf.NotAfter.Sub(c.Leaf.NotBefore) / 5)
		if !sleep(ctx, max(time.Until(late), time.Hour)) {
			return
		}
		renewed, err := d.obtain(d.name)
		switch {
		case err != nil:
			log.Error("the certificate is lost", "domain", d.name, "reason", err)
		case renewed.Leaf.NotAfter.After(c.Leaf.NotAfter):
			c = renewed
			log.Info("certificate renewed", "domain", d.name, "expires", c.Leaf.NotAfter.UTC())
		default:
			log.Error("the certificate has not been renewed yet", "domain", d.name, "expires", c.Leaf.NotAfter.UTC())
		}
	}
}

// sleep returns false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
