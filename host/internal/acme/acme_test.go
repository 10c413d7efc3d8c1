package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
)

func TestDomain(t *testing.T) {
	for name, want := range map[string]string{
		"a.test": "a.test", "A.Test.": "a.test", "bücher.example": "xn--bcher-kva.example",
		"*.a.test": "", "localhost": "", "127.0.0.1": "", "::1": "", "": "", "a b.test": "", "../a.test": "",
	} {
		got, err := Domain(name)
		assert.Equal(t, want == "", err != nil, "%q: %v", name, err)
		if err == nil {
			assert.Equal(t, want, got)
		}
	}
	_, err := New(Config{Domains: []string{"localhost", "*.a.test"}, CacheDir: t.TempDir()})
	assert.ErrorContains(t, err, "localhost")
	assert.ErrorContains(t, err, "*.a.test")
}

func TestCacheIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acme")
	require.NoError(t, openCache(dir))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	assert.EqualValues(t, 0o700, info.Mode().Perm())
	require.NoError(t, openCache(dir), "again")
	for _, mode := range []os.FileMode{0o701, 0o750, 0o720} {
		require.NoError(t, os.Chmod(dir, mode))
		assert.ErrorContains(t, openCache(dir), "lets others in", mode)
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, openCache(file))
	assert.Error(t, openCache(""))
}

// lockedBuffer is a log that is read while it is written to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// authority is one of a test, which answers when the test says so.
type authority struct {
	mu    sync.Mutex
	asked []time.Time
	next  func() (*tls.Certificate, error)
}

func (a *authority) obtain(string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, time.Now())
	return a.next()
}

// Nothing that clients do makes an attempt, and failures are tried again ever more slowly.
func TestAttempts(t *testing.T) {
	certificate := certtest.NewAuthority(t).Issue(t, "a.test")
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		a := &authority{next: func() (*tls.Certificate, error) { return nil, refused }}
		d := newDomain("a.test", a.obtain)
		ctx, cancel := context.WithCancel(t.Context())
		var log lockedBuffer
		begin := time.Now()
		go d.keep(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		synctest.Wait()
		for range 100 {
			assert.Equal(t, refused, d.wait(t.Context()), "at once")
		}
		time.Sleep(10 * time.Hour) // of the bubble
		synctest.Wait()
		a.mu.Lock()
		var minutes []float64
		for _, at := range a.asked {
			minutes = append(minutes, at.Sub(begin).Minutes())
		}
		a.next = func() (*tls.Certificate, error) { return &certificate, nil }
		a.mu.Unlock()
		assert.Equal(t, []float64{0, 2, 6, 14, 30, 62, 126, 246, 366, 486}, minutes)
		time.Sleep(2 * time.Hour) // of the bubble
		synctest.Wait()
		assert.NoError(t, d.wait(t.Context()))
		cancel()
		synctest.Wait()
		assert.Contains(t, log.String(), `msg="no certificate was obtained" domain=a.test reason=refused retry=2m0s`)
		assert.Contains(t, log.String(), `msg="certificate obtained" domain=a.test`)
	})
}

// Handshakes wait for the first attempt, and no longer than they may.
func TestWaiting(t *testing.T) {
	certificate := certtest.NewAuthority(t).Issue(t, "a.test")
	synctest.Test(t, func(t *testing.T) {
		a := &authority{next: func() (*tls.Certificate, error) {
			time.Sleep(time.Minute) // of the bubble
			return &certificate, nil
		}}
		d := newDomain("a.test", a.obtain)
		ctx, cancel := context.WithCancel(t.Context())
		go d.keep(ctx, slog.New(slog.DiscardHandler))
		short, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		begin := time.Now()
		assert.ErrorContains(t, d.wait(short), "still being obtained")
		assert.Equal(t, 10*time.Second, time.Since(begin))
		assert.NoError(t, d.wait(t.Context()))
		assert.Equal(t, time.Minute, time.Since(begin))
		cancel()
		synctest.Wait()
	})
}

// A certificate that is not renewed in time is spoken of, and one that is, too.
func TestWatching(t *testing.T) {
	ca := certtest.NewAuthority(t)
	synctest.Test(t, func(t *testing.T) {
		first, second := ca.IssueUntil(t, time.Now().Add(100*time.Hour), "a.test"), ca.IssueUntil(t, time.Now().Add(1000*time.Hour), "a.test")
		current := &first
		a := &authority{next: func() (*tls.Certificate, error) { return current, nil }}
		d := newDomain("a.test", a.obtain)
		ctx, cancel := context.WithCancel(t.Context())
		var log lockedBuffer
		go d.keep(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		time.Sleep(79 * time.Hour) // of the bubble
		synctest.Wait()
		assert.NotContains(t, log.String(), "renewed")
		time.Sleep(3 * time.Hour) // of the bubble
		synctest.Wait()
		assert.Contains(t, log.String(), "has not been renewed yet")
		a.mu.Lock()
		current = &second
		a.mu.Unlock()
		time.Sleep(2 * time.Hour) // of the bubble
		synctest.Wait()
		assert.Contains(t, log.String(), `msg="certificate renewed"`)
		cancel()
		synctest.Wait()
	})
}

// Only challenges for the domains are answered, and only their certificates are given.
func TestOtherNames(t *testing.T) {
	m, err := New(Config{Domains: []string{"a.test", "A.test"}, CacheDir: filepath.Join(t.TempDir(), "acme"), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer m.Close()
	assert.Len(t, m.domains, 1)
	c, err := m.Certificate(&tls.ClientHelloInfo{ServerName: "b.test"})
	assert.Nil(t, c)
	assert.NoError(t, err)
	_, err = m.Challenge(&tls.ClientHelloInfo{ServerName: "b.test", SupportedProtos: []string{Protocol}})
	assert.ErrorContains(t, err, "none of the domains")
	_, err = m.Challenge(&tls.ClientHelloInfo{ServerName: "A.test", SupportedProtos: []string{Protocol}})
	assert.ErrorContains(t, err, "no token cert")
	assert.True(t, IsChallenge(&tls.ClientHelloInfo{SupportedProtos: []string{Protocol}}))
	assert.False(t, IsChallenge(&tls.ClientHelloInfo{SupportedProtos: []string{Protocol, "http/1.1"}}))
}
