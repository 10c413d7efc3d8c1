package sandbox

import "testing"

// OnCompile calls hook when a module is compiled that was not kept, for the rest of the test.
func OnCompile(t *testing.T, hook func()) {
	before := compileHook
	compileHook = hook
	t.Cleanup(func() { compileHook = before })
}
