package stack

// recentPools finds the pool of a destination that was asked for lately: handlers have few servers, and say the same about one each time.
type recentPools [8]struct {
	owner  uint64
	pool   *pool  // nil: the place is free
	record []byte // with which it was asked for last, limits and all
}

// maxRecentRecord is the longest record that is kept: one with certificates or a key is not.
const maxRecentRecord = 512

// place returns where a record is kept.
func (r *recentPools) place(record []byte) int {
	const port = 2 // its offset in abi.Destination
	if len(record) <= port {
		return 0
	}
	return (len(record) + int(record[port])) % len(r)
}

// find returns the pool that the newest request with that record got, nil if it is not known.
func (r *recentPools) find(owner uint64, record []byte) *pool {
	at := &r[r.place(record)]
	if at.pool == nil || at.owner>>32 != owner>>32 || len(at.record) != len(record) || !beginsWith(record, at.record) {
		return nil
	}
	return at.pool
}

// note keeps p, if it is an agent's.
func (r *recentPools) note(owner uint64, p *pool, record []byte) {
	r.forget(p) // it has the limits that it was told last: no other record may find it
	if p.key == "" || len(record) > maxRecentRecord {
		return
	}
	at := &r[r.place(record)]
	at.owner, at.pool, at.record = owner, p, append(at.record[:0], record...)
}

// forget drops p.
func (r *recentPools) forget(p *pool) {
	for i := range r {
		if r[i].pool == p {
			r[i].pool = nil
		}
	}
}
