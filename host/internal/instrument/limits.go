package instrument

// The most of what the compiler's time or memory may grow with faster than the module does.
const (
	maxLocals  = 5_000
	maxNesting = 2_000
	maxLabels  = 100_000
	maxEntries = 10_000_000 // of a section
)

// What a module may be refused for.
const (
	RuleOpcode   Rule = "unknown instruction"
	RuleReserved Rule = "uses a name that is reserved for the host"
	RuleImport   Rule = "imports what is no function"
	RuleMemory   Rule = "pages of memory at the start"
	RuleTable    Rule = "elements of a table at the start"
	RuleLocals   Rule = "locals of one function"
	RuleNesting  Rule = "nested blocks"
)
