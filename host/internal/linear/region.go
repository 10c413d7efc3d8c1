package linear

// region is a reservation.
type region struct {
	bytes     []byte
	committed int // of them, from the start, that can be read and written
}

// commit makes size bytes readable and writable, if they are not. What it adds is zero.
func (r *region) commit(size uint64) error {
	if int(size) <= r.committed {
		return nil
	}
	if err := commit(r.bytes[r.committed:size]); err != nil {
		return err
	}
	r.committed = int(size)
	return nil
}
