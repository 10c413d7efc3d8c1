package port

import "github.com/portholehttp/porthole/abi"

// destination holds the record of the call under way, and maxDestination bytes of it are kept between calls.
var destination []byte

const maxDestination = 4 << 10

// Destination returns d and its texts as a record, for RequestOpen and SocketOpen, valid until the next call. It sets d's sizes.
func Destination(d *abi.Destination, t *abi.DestinationTexts) []byte {
	d.HostSize, d.LocalSize, d.ServerNameSize = size(t.Host), size(t.Local), size(t.ServerName)
	d.RootsSize, d.CertSize, d.KeySize = size(t.Roots), size(t.Cert), size(t.Key)
	if cap(destination) > maxDestination {
		destination = nil
	}
	b := abi.Append(destination[:0], d)
	for _, text := range [][]byte{t.Host, t.Local, t.ServerName, t.Roots, t.Cert, t.Key} {
		b = append(b, text...)
	}
	destination = b
	return b
}

func size(b []byte) uint32 { return uint32(len(b)) }
