package port

import "github.com/portholehttp/porthole/abi"

// Destination returns d and its texts as a record, for RequestOpen and SocketOpen. It sets d's sizes.
func Destination(d *abi.Destination, t *abi.DestinationTexts) []byte {
	d.HostSize, d.LocalSize, d.ServerNameSize = size(t.Host), size(t.Local), size(t.ServerName)
	d.RootsSize, d.CertSize, d.KeySize = size(t.Roots), size(t.Cert), size(t.Key)
	b := abi.Append(nil, d)
	for _, text := range [][]byte{t.Host, t.Local, t.ServerName, t.Roots, t.Cert, t.Key} {
		b = append(b, text...)
	}
	return b
}

func size(b []byte) uint32 { return uint32(len(b)) }
