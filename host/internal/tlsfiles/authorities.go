package tlsfiles

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// parseAuthorities makes a pool of the certificates in a PEM text, all of which must be in order: a file that was written
// in part is no smaller trust.
func parseAuthorities(path string, data []byte) (*x509.CertPool, error) {
	pool, found := x509.NewCertPool(), false
	for {
		var block *pem.Block
		block, data = pem.Decode(data)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authorities %s: %w", path, err)
		}
		pool.AddCert(c)
		found = true
	}
	switch {
	case bytes.Contains(data, []byte("-----BEGIN")):
		return nil, fmt.Errorf("authorities %s: %w", path, errors.New("it ends within a certificate"))
	case !found:
		return nil, fmt.Errorf("authorities %s: %w", path, errors.New("there is no certificate in it"))
	}
	return pool, nil
}

// ReadAuthorities returns the authorities in a file, once.
func ReadAuthorities(path string) (*x509.CertPool, error) {
	data, err := (&file{path: path}).read()
	if err != nil {
		return nil, err
	}
	return parseAuthorities(path, data)
}
