//go:build !wasip1

package dialer

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"time"
)

// tlsReason explains a handshake that failed in itself, in OpenSSL's codes, which are Node's. ok is false for any other error,
// also for that of a connection which broke or took too long during the handshake.
func tlsReason(err error) (text string, ok bool) {
	var handshake *handshakeError
	if !errors.As(err, &handshake) {
		return "", false
	}
	var failed *tls.CertificateVerificationError
	switch {
	case errors.As(err, &failed):
		return certificateReason(failed), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "ECONNRESET Client network socket disconnected before secure TLS connection was established", true
	}
	if _, ok := systemCode(err); ok || isTimeout(err) {
		return "", false
	}
	return "EPROTO " + handshake.err.Error(), true
}

func certificateReason(failed *tls.CertificateVerificationError) string {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(failed.Err, &name):
		return "ERR_TLS_CERT_ALTNAME_INVALID Hostname/IP does not match certificate's altnames: " + name.Error()
	case errors.As(failed.Err, &unknown):
		return chainReason(failed.UnverifiedCertificates)
	case errors.As(failed.Err, &invalid):
		return invalidReason(&invalid)
	}
	return "CERT_REJECTED " + failed.Err.Error()
}

// chainReason says why a chain leads to nobody who is trusted.
func chainReason(chain []*x509.Certificate) string {
	last := chain[len(chain)-1]
	switch selfSigned := bytes.Equal(last.RawSubject, last.RawIssuer); {
	case selfSigned && len(chain) == 1:
		return "DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate"
	case selfSigned:
		return "SELF_SIGNED_CERT_IN_CHAIN self-signed certificate in certificate chain"
	case len(chain) == 1:
		return "UNABLE_TO_VERIFY_LEAF_SIGNATURE unable to verify the first certificate"
	}
	return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY unable to get local issuer certificate"
}

func invalidReason(e *x509.CertificateInvalidError) string {
	switch e.Reason {
	case x509.Expired:
		if e.Cert.NotBefore.After(time.Now()) {
			return "CERT_NOT_YET_VALID certificate is not yet valid"
		}
		return "CERT_HAS_EXPIRED certificate has expired"
	case x509.NotAuthorizedToSign:
		return "INVALID_CA invalid CA certificate"
	case x509.IncompatibleUsage:
		return "INVALID_PURPOSE unsuitable certificate purpose"
	case x509.TooManyIntermediates:
		return "PATH_LENGTH_EXCEEDED path length constraint exceeded"
	}
	return "CERT_REJECTED " + e.Error()
}
