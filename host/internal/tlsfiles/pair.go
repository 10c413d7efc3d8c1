package tlsfiles

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// Pair names the files of a certificate: PEM, with the chain after the certificate, and its private key.
type Pair struct{ Cert, Key string }

// parsePair makes a certificate of what is in the files of p.
func (p Pair) parse(data [][]byte, now time.Time) (tls.Certificate, error) {
	c, err := tls.X509KeyPair(data[0], data[1])
	switch {
	case err != nil && bytes.Contains(data[1], []byte("ENCRYPTED")):
		err = errors.New("the key is encrypted with a passphrase; store it without one")
	case err != nil: // it says which of the two
	case now.After(c.Leaf.NotAfter):
		err = fmt.Errorf("the certificate expired on %s", c.Leaf.NotAfter.UTC().Format(time.DateTime))
	case now.Before(c.Leaf.NotBefore):
		err = fmt.Errorf("the certificate is not valid before %s", c.Leaf.NotBefore.UTC().Format(time.DateTime))
	}
	if err != nil {
		return c, fmt.Errorf("certificate %s with key %s: %w", p.Cert, p.Key, err)
	}
	return c, nil
}
