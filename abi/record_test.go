package abi_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// The records are the golden bytes, in both directions.
func TestVectors(t *testing.T) {
	file, err := os.Open("testdata/vectors.jsonl")
	require.NoError(t, err)
	defer file.Close()
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var v struct {
			Record string
			Fields json.RawMessage
			Hex    string
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &v))
		golden, err := hex.DecodeString(strings.ReplaceAll(v.Hex, " ", ""))
		require.NoError(t, err, v.Record)
		seen[v.Record] = true
		check, ok := map[string]func(*testing.T, []byte, []byte){
			"Field": vector[abi.Field], "RequestHead": vector[abi.RequestHead], "ResponseHead": vector[abi.ResponseHead],
			"Trailers": vector[abi.Trailers], "Options": vector[abi.Options], "ListenRequest": vector[abi.ListenRequest],
			"ClientRequestHead": vector[abi.ClientRequestHead], "ClientResponseHead": vector[abi.ClientResponseHead],
			"Destination": vector[abi.Destination], "Pipe": vector[abi.Pipe],
		}[v.Record]
		require.True(t, ok, v.Record)
		check(t, v.Fields, golden)
	}
	require.NoError(t, lines.Err())
	require.Len(t, seen, 10, "a record without a vector")
}

func vector[R abi.Record](t *testing.T, fields, golden []byte) {
	var want R
	d := json.NewDecoder(bytes.NewReader(fields))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&want))
	require.Equal(t, golden, abi.Append(nil, &want))
	require.Equal(t, want, abi.Decode[R](append([]byte{0xEE}, golden...)[1:]), "at an odd address")
	require.Panics(t, func() { abi.Decode[R](golden[:len(golden)-1]) })
}

func TestDefaultOptionsAreValid(t *testing.T) {
	require.True(t, abi.DefaultOptions.Valid())
	require.False(t, new(abi.Options).Valid())
}

func TestTable(t *testing.T) {
	const text = "Host: a"
	record := abi.Append(nil, &abi.Trailers{TextOffset: 24, FieldCount: 1})
	record = abi.AppendFields(record, []abi.Field{{NameOffset: 0, NameSize: 4, ValueOffset: 6, ValueSize: 1}})
	record = append(record, text...)
	fields, ok := abi.Table(record, abi.TrailersSize, 24, 1)
	require.True(t, ok)
	require.Equal(t, 1, fields.Len())
	name, value, ok := fields.Field(0)
	require.True(t, ok)
	require.Equal(t, "Host=a", string(name)+"="+string(value))
	require.Equal(t, 4, cap(name), "append to a name would overwrite the text")

	for i, c := range []struct{ offset, count uint32 }{{23, 1}, {25, 1}, {24, 2}, {24, 1 << 28}, {40, 2}, {0xffffffff, 0x0fffffff}} {
		_, ok := abi.Table(record, abi.TrailersSize, c.offset, c.count)
		require.False(t, ok, i)
	}
	for _, s := range []struct{ offset, size uint32 }{{8, 0}, {0, 8}, {7, 1}, {0xffffffff, 1}, {1, 0xffffffff}} {
		_, ok := fields.Span(s.offset, s.size)
		require.False(t, ok, s)
	}
	span, ok := fields.Span(7, 0)
	require.True(t, ok)
	require.Empty(t, span)
}

func TestStatus(t *testing.T) {
	require.Equal(t, "not granted", abi.StatusDenied.String())
	require.Equal(t, "unknown status", abi.Status(99).String())
	require.Equal(t, "unknown status", abi.Status(-1).String())
	require.True(t, abi.StatusQueued.OK())
	require.False(t, abi.StatusClosed.OK())
}

func TestReadDestination(t *testing.T) {
	good := abi.Destination{Port: 80, Agent: 1, MaxSockets: 1, HostSize: 4, LocalSize: 2, KeySize: 1}
	const texts = "hostloK"
	record := append(abi.Append(nil, &good), texts...)
	d, text, ok := abi.ReadDestination(record)
	require.True(t, ok)
	require.Equal(t, good, d)
	require.Equal(t, "host lo  K", string(text.Host)+" "+string(text.Local)+" "+string(text.Roots)+" "+string(text.Key))
	require.Equal(t, 4, cap(text.Host), "append to a text would overwrite the next")

	for name, change := range map[string]func(*abi.Destination){
		"no host":            func(d *abi.Destination) { d.HostSize, d.LocalSize = 0, 6 },
		"texts end early":    func(d *abi.Destination) { d.KeySize = 2 },
		"bytes are left":     func(d *abi.Destination) { d.KeySize = 0 },
		"a size that wraps":  func(d *abi.Destination) { d.RootsSize = 0xffffffff },
		"no port":            func(d *abi.Destination) { d.Port = 0 },
		"an unknown kind":    func(d *abi.Destination) { d.Kind = 2 },
		"an unknown flag":    func(d *abi.Destination) { d.Flags = 8 },
		"no sockets":         func(d *abi.Destination) { d.MaxSockets = 0 },
		"a huge head":        func(d *abi.Destination) { d.MaxHeaderBytes = abi.MaxHeaderBytesLimit + 1 },
		"a negative timeout": func(d *abi.Destination) { d.PoolTimeout = -1 },
	} {
		d := good
		change(&d)
		_, _, ok := abi.ReadDestination(append(abi.Append(nil, &d), texts...))
		require.False(t, ok, name)
	}
	_, _, ok = abi.ReadDestination(record[:abi.DestinationSize-1])
	require.False(t, ok)
	good = abi.Destination{Kind: abi.ConnectUnix, HostSize: abi.MaxDestinationSize - abi.DestinationSize + 1}
	_, _, ok = abi.ReadDestination(append(abi.Append(nil, &good), make([]byte, good.HostSize)...))
	require.False(t, ok, "too large")
}
