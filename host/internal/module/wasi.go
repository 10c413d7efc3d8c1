package module

import "github.com/portholehttp/porthole/abi"

// ModuleWASI is the import module of WASI preview 1.
const ModuleWASI = "wasi_snapshot_preview1"

// WASI are the functions of WASI preview 1 that the engine provides. That a guest may import one does not
// mean that it is granted anything: most answer that there is no such file.
var WASI = wasiTable([]wasiFunction{
	{"args_get", "ii"},
	{"args_sizes_get", "ii"},
	{"clock_res_get", "ii"},
	{"clock_time_get", "iIi"},
	{"environ_get", "ii"},
	{"environ_sizes_get", "ii"},
	{"fd_advise", "iIIi"},
	{"fd_allocate", "iII"},
	{"fd_close", "i"},
	{"fd_datasync", "i"},
	{"fd_fdstat_get", "ii"},
	{"fd_fdstat_set_flags", "ii"},
	{"fd_fdstat_set_rights", "iII"},
	{"fd_filestat_get", "ii"},
	{"fd_filestat_set_size", "iI"},
	{"fd_filestat_set_times", "iIIi"},
	{"fd_pread", "iiiIi"},
	{"fd_prestat_dir_name", "iii"},
	{"fd_prestat_get", "ii"},
	{"fd_pwrite", "iiiIi"},
	{"fd_read", "iiii"},
	{"fd_readdir", "iiiIi"},
	{"fd_renumber", "ii"},
	{"fd_seek", "iIii"},
	{"fd_sync", "i"},
	{"fd_tell", "ii"},
	{"fd_write", "iiii"},
	{"path_create_directory", "iii"},
	{"path_filestat_get", "iiiii"},
	{"path_filestat_set_times", "iiiiIIi"},
	{"path_link", "iiiiiii"},
	{"path_open", "iiiiiIIii"},
	{"path_readlink", "iiiiii"},
	{"path_remove_directory", "iii"},
	{"path_rename", "iiiiii"},
	{"path_symlink", "iiiii"},
	{"path_unlink_file", "iii"},
	{"poll_oneoff", "iiii"},
	{"proc_exit", "i"},
	{"proc_raise", "i"},
	{"random_get", "ii"},
	{"sched_yield", ""},
	{"sock_accept", "iii"},
	{"sock_recv", "iiiiii"},
	{"sock_send", "iiiii"},
	{"sock_shutdown", "ii"},
})

// wasiFunction is a name and its parameters: i for i32, I for i64.
type wasiFunction struct{ name, params string }

func wasiTable(short []wasiFunction) []abi.Function {
	table := make([]abi.Function, len(short))
	for i, s := range short {
		f := abi.Function{Module: ModuleWASI, Name: s.name}
		for _, c := range s.params {
			t := abi.I32
			if c == 'I' {
				t = abi.I64
			}
			f.Params = append(f.Params, t)
		}
		if s.name != "proc_exit" { // every other one returns an errno
			f.Results = []abi.ValueType{abi.I32}
		}
		table[i] = f
	}
	return table
}
