package stack

// lateTimers are timers of a list that were armed anew since they were put there: a heap, the earliest first. A timer comes here once in its duration
// at most, so what that costs is nothing beside what has armed it.
type lateTimers []*timer

func (h *lateTimers) push(t *timer) {
	*h = append(*h, t)
	h.up(len(*h)-1, t)
}

// remove takes t out, which is one of them.
func (h *lateTimers) remove(t *timer) {
	i := int(t.late) - 1
	t.late = 0
	n := len(*h) - 1
	last := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	if i == n {
		return
	}
	if i > 0 && last.at < (*h)[(i-1)/2].at {
		h.up(i, last)
	} else {
		h.down(i, last)
	}
}

// up finds the place of t, which is i or one above it.
func (h lateTimers) up(i int, t *timer) {
	for i > 0 {
		above := (i - 1) / 2
		if h[above].at <= t.at {
			break
		}
		h.put(i, h[above])
		i = above
	}
	h.put(i, t)
}

// down finds the place of t, which is i or one below it.
func (h lateTimers) down(i int, t *timer) {
	for {
		below := 2*i + 1
		if below >= len(h) {
			break
		}
		if below+1 < len(h) && h[below+1].at < h[below].at {
			below++
		}
		if t.at <= h[below].at {
			break
		}
		h.put(i, h[below])
		i = below
	}
	h.put(i, t)
}

func (h lateTimers) put(i int, t *timer) {
	h[i] = t
	t.late = int32(i + 1)
}
