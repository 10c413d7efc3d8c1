package http

// Lists of fields are short, and an exchange has two of them at most. They are allocated together; each is used once.

const (
	fieldSlabSize = 64
	inlineFields  = 4 // for how many there is room before a list that grows allocates
)

var (
	fieldSlab     = new([fieldSlabSize]Header)
	fieldSlabUsed int
)

// newFields returns an empty list that will grow.
func newFields() Headers { return roomForFields(inlineFields) }

// roomForFields returns an empty list with room for n.
func roomForFields(n int) Headers {
	if n > fieldSlabSize/4 {
		return make(Headers, 0, n)
	}
	if fieldSlabUsed+n > fieldSlabSize {
		fieldSlab, fieldSlabUsed = new([fieldSlabSize]Header), 0
	}
	from := fieldSlabUsed
	fieldSlabUsed += n
	return fieldSlab[from:from:fieldSlabUsed]
}
