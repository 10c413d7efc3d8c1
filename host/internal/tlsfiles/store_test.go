package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
)

// world is a store with a clock of its own.
type world struct {
	*Store
	t   *testing.T
	mu  sync.Mutex
	now time.Time
	log *bytes.Buffer
}

// open opens a store with the given files.
func open(t *testing.T, authorities string, pairs ...Pair) *world {
	t.Helper()
	w := newWorld(t)
	var err error
	w.Store, err = Open(w.options(authorities, pairs))
	require.NoError(t, err)
	return w
}

func newWorld(t *testing.T) *world { return &world{t: t, now: time.Now(), log: &bytes.Buffer{}} }

func (w *world) options(authorities string, pairs []Pair) Options {
	return Options{
		Base: &tls.Config{MinVersion: tls.VersionTLS12}, Pairs: pairs, Authorities: authorities,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	}
}

// later moves the clock to when the files are looked at again.
func (w *world) later() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(Interval)
}

// shows returns the serial number of the certificate in use, after another look.
func (w *world) shows() string {
	w.t.Helper()
	w.later()
	c := w.Config()
	require.Len(w.t, c.Certificates, 1)
	return c.Certificates[0].Leaf.SerialNumber.String()
}

func serial(c tls.Certificate) string { return c.Leaf.SerialNumber.String() }

// pairFiles writes a certificate and returns its files.
func pairFiles(t *testing.T, c tls.Certificate) Pair {
	cert, key := certtest.Files(t, c)
	return Pair{cert, key}
}

func TestReplacedPair(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first, second := ca.Issue(t, "a.test"), ca.Issue(t, "a.test")
	files := pairFiles(t, first)
	w := open(t, "", files)
	before := w.Config()
	assert.Equal(t, serial(first), w.shows())
	assert.Same(t, before, w.Config(), "what has not changed is not made anew")
	assert.EqualValues(t, tls.VersionTLS12, before.MinVersion)

	certtest.Write(t, second, files.Cert, files.Key)
	assert.Same(t, before, w.Config(), "within a second nobody looks")
	assert.Equal(t, serial(second), w.shows())
	assert.Contains(t, w.log.String(), "certificate reloaded")
	assert.Equal(t, serial(first), before.Certificates[0].Leaf.SerialNumber.String(), "connections that have begun go on")
}

// However a pair is replaced, there is no moment at which half of it is used.
func TestPairIsReplacedAsOne(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first, second := ca.Issue(t, "a.test"), ca.Issue(t, "a.test")
	cert, key := certtest.PEM(t, second)
	for _, order := range []string{"certificate first", "key first"} {
		t.Run(order, func(t *testing.T) {
			files := pairFiles(t, first)
			w := open(t, "", files)
			steps := []func(){
				func() { certtest.Replace(t, files.Cert, cert) },
				func() { certtest.Replace(t, files.Key, key) },
			}
			if order == "key first" {
				steps[0], steps[1] = steps[1], steps[0]
			}
			steps[0]()
			assert.Equal(t, serial(first), w.shows())
			assert.Contains(t, w.log.String(), "does not match")
			log := w.log.Len()
			assert.Equal(t, serial(first), w.shows())
			assert.Equal(t, log, w.log.Len(), "what was said is not said again")
			steps[1]()
			assert.Equal(t, serial(second), w.shows())
		})
	}
}

// A file that is written in place is seen in every state of it.
func TestPartialWrites(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first := ca.Issue(t, "a.test")
	files := pairFiles(t, first)
	w := open(t, "", files)
	_, key := certtest.PEM(t, first)
	for size := range len(key) - 1 { // the last line feed may be missing
		require.NoError(t, os.WriteFile(files.Key, key[:size], 0o600))
		require.Equal(t, serial(first), w.shows(), "%d bytes", size)
	}
	assert.Contains(t, w.log.String(), "changed TLS files are not used")
	require.NoError(t, os.WriteFile(files.Key, key, 0o600))
	w.log.Reset()
	assert.Equal(t, serial(first), w.shows())
	assert.Empty(t, w.log.String(), "it is what is in use")
}

// A change that neither the size nor the time of a file shows is seen as long as it may be one: soon after the last.
func TestChangeWithoutTrace(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first := ca.Issue(t, "a.test")
	files := pairFiles(t, first)
	w := open(t, "", files)
	cert, _ := certtest.PEM(t, first)
	info, err := os.Stat(files.Cert)
	require.NoError(t, err)
	broken := bytes.Replace(cert, []byte("M"), []byte("!"), 1)
	require.Len(t, broken, len(cert))
	require.NoError(t, os.WriteFile(files.Cert, broken, 0o600))
	require.NoError(t, os.Chtimes(files.Cert, info.ModTime(), info.ModTime()))
	assert.Equal(t, serial(first), w.shows())
	assert.Contains(t, w.log.String(), "changed TLS files are not used")
}

// Kubernetes changes a symbolic link to a directory.
func TestSymbolicLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making links needs a privilege there")
	}
	ca := certtest.NewAuthority(t)
	first, second := ca.Issue(t, "a.test"), ca.Issue(t, "a.test")
	one, other := pairFiles(t, first), pairFiles(t, second)
	link := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Symlink(filepath.Dir(one.Cert), link))
	w := open(t, "", Pair{filepath.Join(link, "cert.pem"), filepath.Join(link, "key.pem")})
	assert.Equal(t, serial(first), w.shows())
	require.NoError(t, os.Symlink(filepath.Dir(other.Cert), link+".new"))
	require.NoError(t, os.Rename(link+".new", link))
	assert.Equal(t, serial(second), w.shows())
}

func TestFilesThatGo(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first, second := ca.Issue(t, "a.test"), ca.Issue(t, "a.test")
	files := pairFiles(t, first)
	w := open(t, "", files)
	require.NoError(t, os.Remove(files.Cert))
	assert.Equal(t, serial(first), w.shows())
	assert.Equal(t, serial(first), w.shows())
	assert.Equal(t, 1, strings.Count(w.log.String(), "changed TLS files are not used"))
	certtest.Write(t, second, files.Cert, files.Key)
	assert.Equal(t, serial(second), w.shows())
}

// A new pair that nobody would accept leaves the old one in use, one pair leaves the others alone.
func TestExpiredAndIndependentPairs(t *testing.T) {
	ca := certtest.NewAuthority(t)
	a, b, newB := ca.Issue(t, "a.test"), ca.Issue(t, "b.test"), ca.Issue(t, "b.test")
	filesA, filesB := pairFiles(t, a), pairFiles(t, b)
	w := open(t, "", filesA, filesB)
	certtest.Write(t, ca.IssueUntil(t, time.Now().Add(-time.Hour), "a.test"), filesA.Cert, filesA.Key)
	certtest.Write(t, newB, filesB.Cert, filesB.Key)
	w.later()
	c := w.Config()
	require.Len(t, c.Certificates, 2)
	assert.Equal(t, serial(a), serial(c.Certificates[0]))
	assert.Equal(t, serial(newB), serial(c.Certificates[1]))
	assert.Contains(t, w.log.String(), "the certificate expired on ")
}

func TestAuthorities(t *testing.T) {
	one, other := certtest.NewAuthority(t), certtest.NewAuthority(t)
	path := one.File(t)
	w := open(t, path, pairFiles(t, one.Issue(t, "a.test")))
	before := w.Config()
	assert.True(t, before.ClientCAs.Equal(one.Pool()))

	both := append(one.PEM(), other.PEM()...)
	for _, bad := range [][]byte{nil, both[:len(both)-40], []byte("text"), bytes.Replace(both, []byte("MII"), []byte("MIJ"), 1)} {
		certtest.Replace(t, path, bad)
		w.later()
		assert.Same(t, before, w.Config(), "%q", bad)
	}
	assert.Contains(t, w.log.String(), "there is no certificate in it")
	assert.Contains(t, w.log.String(), "it ends within a certificate")

	certtest.Replace(t, path, both)
	w.later()
	want := one.Pool()
	want.AddCert(other.Certificate)
	assert.True(t, w.Config().ClientCAs.Equal(want))
	assert.Contains(t, w.log.String(), "client authorities reloaded")
}

func TestOpenRefuses(t *testing.T) {
	ca := certtest.NewAuthority(t)
	good, other := pairFiles(t, ca.Issue(t, "a.test")), pairFiles(t, ca.Issue(t, "a.test"))
	expired := pairFiles(t, ca.IssueUntil(t, time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), "a.test"))
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	large := write("large", make([]byte, maxFileBytes+1))
	locked := write("locked", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))
	missing := filepath.Join(dir, "missing")
	for _, c := range []struct {
		name, authorities string
		pair              Pair
		want              string
	}{
		{"missing", "", Pair{missing, good.Key}, missing},
		{"another key", "", Pair{good.Cert, other.Key}, "certificate " + good.Cert + " with key " + other.Key + ": tls: private key does not match public key"},
		{"swapped", "", Pair{good.Key, good.Cert}, "tls: failed to find certificate PEM data in certificate input, but did find a private key"},
		{"encrypted", "", Pair{good.Cert, locked}, "encrypted with a passphrase"},
		{"expired", "", expired, "the certificate expired on 2020-01-02 03:04:05"},
		{"large", "", Pair{large, good.Key}, "larger than"},
		{"directory", "", Pair{dir, good.Key}, dir + " is not a regular file"},
		{"authorities", good.Key, good, "authorities " + good.Key + ": there is no certificate in it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := Open(w.options(c.authorities, []Pair{c.pair}))
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, w.log.String())
		})
	}
	_, err := Open(newWorld(t).options(missing, []Pair{expired}))
	assert.ErrorContains(t, err, "expired")
	assert.ErrorContains(t, err, missing, "all that is wrong is told")

	w := newWorld(t)
	w.now = time.Now().Add(-24 * time.Hour)
	_, err = Open(w.options("", []Pair{good}))
	assert.ErrorContains(t, err, "not valid before")
}

func TestKeyThatIsNoSecret(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	files := pairFiles(t, certtest.NewAuthority(t).Issue(t, "a.test"))
	assert.Empty(t, open(t, "", files).log.String())
	require.NoError(t, os.Chmod(files.Key, 0o644))
	assert.Contains(t, open(t, "", files).log.String(), "can be read by every user")
}

// Many ask at once while the files change: none waits for the one that looks, and none gets half a pair.
func TestConcurrentUse(t *testing.T) {
	ca := certtest.NewAuthority(t)
	files := pairFiles(t, ca.Issue(t, "a.test"))
	w := open(t, "", files)
	done := make(chan struct{})
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				w.later()
				c := w.Config().Certificates[0]
				assert.NoError(t, c.Leaf.CheckSignatureFrom(ca.Certificate))
			}
		})
	}
	var last tls.Certificate
	for range 20 {
		last = ca.Issue(t, "a.test")
		certtest.Write(t, last, files.Cert, files.Key)
	}
	close(done)
	users.Wait()
	assert.Equal(t, serial(last), w.shows())
}
