package instrument

// The most of what the compiler's time or memory may grow with faster than the module does. maxWork bounds what is not listed here.
const (
	// maxLocals is of one function, with its parameters. A few bytes declare any number. Real ones have 70.
	maxLocals = 5_000
	// maxNesting is of blocks in one function. Real ones have 3,300: Go nests blocks as deep as a function has places to resume at.
	maxNesting = 5_000
	// maxEntries is of a section or a list in it. It only keeps numbers small: each entry has a byte at least.
	maxEntries = 10_000_000
)

// What a module may be refused for.
const (
	// RuleOpcode is an instruction that is not of the core specification 2.0. Refusal.Detail has its bytes.
	RuleOpcode Rule = "unknown instruction"
	// RuleReserved is an import or export by a name of the host's. Refusal.Detail has it.
	RuleReserved Rule = "uses a name that is reserved for the host:"
	// RuleImport is an imported memory, table, global or tag: it could not be bounded or reset.
	RuleImport Rule = "imports what is no function:"
	// RuleMemory and RuleTable are minima above what Config allows.
	RuleMemory Rule = "pages of memory at the start"
	RuleTable  Rule = "elements of a table at the start"
	// RuleLocals and RuleNesting are about one function.
	RuleLocals  Rule = "locals of one function"
	RuleNesting Rule = "nested blocks"
	// RuleWork and RuleModuleWork are about a price in units of the compiler's work: one function's, and that of all functions so far.
	RuleWork       Rule = "units of work for the compiler"
	RuleModuleWork Rule = "units of work for the compiler in all functions"
)
