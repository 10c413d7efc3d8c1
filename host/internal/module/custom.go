package module

// readCustom reads the two custom sections that say what a module is called and what made it. They are
// notes of tools, without meaning for the module: what is wrong inside is left out, not an error.
func (r *reader) readCustom(s *scanner) {
	name := s.name()
	if s.err != nil {
		return
	}
	note := scanner{data: s.data, pos: s.pos, section: name}
	switch name {
	case "name":
		r.readModuleName(&note)
	case "producers":
		r.readProducers(&note)
	}
}

// readModuleName reads the subsection 0 of the name section, which comes first if present.
func (r *reader) readModuleName(s *scanner) {
	if s.byte() != 0 {
		return
	}
	s.u32() // the subsection's size
	if name := s.name(); s.err == nil {
		r.module.Name = name
	}
}

// maxProducers is how many entries are kept: real modules have two or three.
const maxProducers = 32

// The section's layout is fixed by WebAssembly's tool conventions.
func (r *reader) readProducers(s *scanner) {
	for range s.count("fields", 2, maxProducers) {
		field := s.name()
		for range s.count("producers", 2, maxProducers) {
			p := Producer{Field: field, Name: s.name(), Version: s.name()}
			if s.err != nil || len(r.module.Producers) >= maxProducers {
				return
			}
			r.module.Producers = append(r.module.Producers, p)
		}
	}
}
