package linear

// NewSmall is New where nothing larger than size can be reserved.
func NewSmall(size, max uint64) (*Memory, error) {
	bytes, err := reserveSmall(size)
	if err != nil {
		return nil, err
	}
	m := &Memory{max: max, region: region{bytes: bytes}}
	inUse.memories.Add(1)
	m.resized(int(size))
	return m, m.region.commit(size)
}

// Committed returns how many bytes of m can be touched.
func (m *Memory) Committed() int { return m.region.committed }

// Best is what Snapshot takes for a memory of that many bytes.
func Best(size int) Mechanism { return best(size) }

// ErrIneffective must not be the reason for a mechanism not to be available: it is ours that fails.
var ErrIneffective = errIneffective
