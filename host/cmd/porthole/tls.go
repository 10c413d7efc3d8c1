package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/portholehttp/porthole/host"
)

// tlsFlags are the flags of listeners that speak TLS. All of them have the same configuration.
type tlsFlags struct {
	listen           addresses
	certs, keys      []string
	clientCA         string
	clientAuth       string
	minVersion       string
	handshakeTimeout time.Duration
	acme             host.ACMEConfig
}

const tlsHelp = `
--tls-listen serves HTTPS. It needs a certificate, from files or from an authority:

  --tls-cert FILE --tls-key FILE
                             a certificate, followed by those between it and an
                             authority, and its key, in PEM. They may be repeated: a
                             client gets that for the name it asks for, or the first.
                             Files that change are read again, as a pair.
  --acme-domain NAME         obtain one from an authority that speaks ACME, such as
                             Let's Encrypt, and agree to its terms of service. It
                             connects to port 443 of NAME, which has to lead here
                             (TLS-ALPN-01). Certificates and keys are kept in the
                             directory --acme-cache.

--tls-client-ca asks clients for certificates too, which the handler is told about.`

func (f *tlsFlags) register(flags *pflag.FlagSet) {
	flags.Var(&f.listen, "tls-listen", "where to accept connections with TLS; then none without, unless --listen says so")
	flags.StringArrayVar(&f.certs, "tls-cert", nil, "`file` of a certificate")
	flags.StringArrayVar(&f.keys, "tls-key", nil, "`file` of its private key")
	flags.StringVar(&f.clientCA, "tls-client-ca", "", "`file` of the authorities of clients' certificates")
	flags.StringVar(&f.clientAuth, "tls-client-auth", "", "whether a client has to show one: `require` or optional (default require)")
	flags.StringVar(&f.minVersion, "tls-min-version", "1.2", "least `version` of TLS: 1.2 or 1.3")
	flags.DurationVar(&f.handshakeTimeout, "tls-handshake-timeout", host.DefaultHandshakeTimeout, "longest a TLS handshake may take")
	flags.StringArrayVar(&f.acme.Domains, "acme-domain", nil, "`name` of a domain to obtain a certificate for")
	flags.StringVar(&f.acme.CacheDir, "acme-cache", "", "`directory` of certificates and keys (default porthole-acme in the user's cache directory)")
	flags.StringVar(&f.acme.Email, "acme-email", "", "`address` that the authority may write to")
	flags.StringVar(&f.acme.Directory, "acme-directory", "", "`URL` of the authority (default Let's Encrypt)")
	flags.StringVar(&f.acme.CAFile, "acme-ca", "", "`file` of the authorities that the authority's own server is verified with")
}

// config returns what the flags say, or all that is wrong with them.
func (f *tlsFlags) config() (c host.TLSConfig, err error) {
	var errs []error
	fault := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	if len(f.listen) == 0 {
		for _, given := range []struct {
			is   bool
			flag string
		}{
			{len(f.certs) > 0, "--tls-cert"}, {len(f.keys) > 0, "--tls-key"}, {f.clientCA != "", "--tls-client-ca"}, {f.clientAuth != "", "--tls-client-auth"}, {len(f.acme.Domains) > 0, "--acme-domain"},
		} {
			fault(given.is, "%s is given without --tls-listen", given.flag)
		}
		return c, errors.Join(errs...)
	}
	fault(len(f.certs) != len(f.keys), "--tls-cert is given %d times and --tls-key %d times, want one key for each certificate", len(f.certs), len(f.keys))
	fault(len(f.certs)+len(f.keys)+len(f.acme.Domains) == 0, "--tls-listen needs --tls-cert and --tls-key, or --acme-domain")
	fault(f.handshakeTimeout <= 0, "--tls-handshake-timeout is not positive")
	c.HandshakeTimeout = f.handshakeTimeout
	for i := range min(len(f.certs), len(f.keys)) {
		c.Certificates = append(c.Certificates, host.CertificateFiles{Cert: f.certs[i], Key: f.keys[i]})
	}
	c.ClientCAFile = f.clientCA
	fault(f.clientAuth != "" && f.clientCA == "", "--tls-client-auth is given without --tls-client-ca")
	switch f.clientAuth {
	case "", "require":
	case "optional":
		c.ClientCertOptional = f.clientCA != ""
	default:
		fault(true, "--tls-client-auth is %q, want require or optional", f.clientAuth)
	}
	switch f.minVersion {
	case "1.2":
		c.MinVersion = tls.VersionTLS12
	case "1.3":
		c.MinVersion = tls.VersionTLS13
	default:
		fault(true, "--tls-min-version is %q, want 1.2 or 1.3", f.minVersion)
	}
	if len(f.acme.Domains) > 0 {
		errs = append(errs, f.acmeCache())
		c.ACME = &f.acme
	}
	if err := errors.Join(errs...); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// acmeCache sees to a directory for certificates.
func (f *tlsFlags) acmeCache() error {
	if f.acme.CacheDir != "" {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("--acme-cache is missing: %w", err)
	}
	f.acme.CacheDir = filepath.Join(dir, "porthole-acme")
	return nil
}

// listenAll opens the listeners, and calls opened with the line for each.
func (f *tlsFlags) listenAll(server *host.Server, opened func(line string)) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	for _, address := range f.listen {
		bound, err := server.ListenTLS(address, c)
		if err != nil {
			return err
		}
		if bound.Network() == "unix" {
			opened(showAddress(bound) + " with TLS")
		} else {
			opened("https://" + bound.String())
		}
	}
	return nil
}
