package h1

// state is where in a message the parser is: what it expects of the next byte. Their order matters: see the comparisons in
// parser.go.
type state uint8

const (
	stateStart state = iota // between messages: empty lines

	// requestLine
	stateMethod
	stateTargetStart
	stateTarget
	stateVersion
	stateVersionCR
	stateVersionLF

	// statusLine
	stateProtocol // its version
	stateStatusSP
	stateStatus
	stateStatusEnd
	stateReason
	stateStatusLF

	// fieldLines, of the head or the trailer section
	stateLine // the first byte of a line
	stateName
	stateColon
	stateValueStart
	stateValue
	stateValueLF
	stateLineEnd // the first byte of the line after a field, which may continue it
	stateFold
	stateBlankLF

	// body
	stateBody

	// chunkLine, and body for stateData
	stateChunkSize
	extensionStart
	extensionNameStart
	extensionName
	extensionNameEnd
	extensionValueStart
	extensionValue
	extensionQuoted
	extensionEscape
	extensionQuotedEnd
	stateChunkLF
	stateData
	stateDataCR
	stateDataLF

	stateFailed
)
