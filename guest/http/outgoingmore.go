package http

import "github.com/portholehttp/porthole/guest/internal/port"

// outgoingMore is what not every message needs. Most of those that have one have a listener of a kind or two, for which there is room in it.
type outgoingMore struct {
	onDrain  []port.Task
	onFinish []func()
	onClose  []port.Task
	onError  []func(error)
	heard    bool // somebody listened to 'finish'
	trailers Headers
	reason   string // of a response; "" is the standard phrase
	held     []byte // by hold

	drainRoom [1]port.Task
	closeRoom [2]port.Task
	errorRoom [1]func(error)
}

// own returns the outgoingMore of o to write to.
func (o *outgoing) own() *outgoingMore {
	if o.more == nil {
		if o.sender != nil {
			o.more = &o.sender.moreRoom
		} else {
			o.more = new(outgoingMore)
		}
	}
	return o.more
}

func (m *outgoingMore) addDrain(listener port.Task) {
	if m.onDrain == nil {
		m.onDrain = m.drainRoom[:0]
	}
	m.onDrain = append(m.onDrain, listener)
}

func (m *outgoingMore) addClose(listener port.Task) {
	if m.onClose == nil {
		m.onClose = m.closeRoom[:0]
	}
	m.onClose = append(m.onClose, listener)
}

func (m *outgoingMore) addError(listener func(error)) {
	if m.onError == nil {
		m.onError = m.errorRoom[:0]
	}
	m.onError = append(m.onError, listener)
}

// forget lets go of the listeners to what will not come any more once the exchange is over.
func (m *outgoingMore) forget() {
	m.onDrain, m.onClose = nil, nil
	m.drainRoom[0], m.closeRoom[0], m.closeRoom[1] = nil, nil, nil
}
