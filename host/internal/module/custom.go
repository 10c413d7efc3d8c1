package module

// readCustom reads the two custom sections that say what a module is called and what made it. They are
// notes of tools, without meaning for the module: what is wrong inside is left out, not an error.
func (r *reader) readCustom(s *Scanner) {
	name := s.Name()
	if s.Err != nil {
		return
	}
	note := Scanner{Data: s.Data, Pos: s.Pos, Section: name}
	switch name {
	case "name":
		r.readModuleName(&note)
	case "producers":
		r.readProducers(&note)
	}
}

// readModuleName reads the subsection 0 of the name section, which comes first if present.
func (r *reader) readModuleName(s *Scanner) {
	if s.Byte() != 0 {
		return
	}
	s.U32() // the subsection's size
	if name := s.Name(); s.Err == nil {
		r.module.Name = name
	}
}

// maxProducers is how many entries are kept: real modules have two or three.
const maxProducers = 32

// The section's layout is fixed by WebAssembly's tool conventions.
func (r *reader) readProducers(s *Scanner) {
	for range s.Count("fields", 2, maxProducers) {
		field := s.Name()
		for range s.Count("producers", 2, maxProducers) {
			p := Producer{Field: field, Name: s.Name(), Version: s.Name()}
			if s.Err != nil || len(r.module.Producers) >= maxProducers {
				return
			}
			r.module.Producers = append(r.module.Producers, p)
		}
	}
}
