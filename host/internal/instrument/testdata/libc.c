// A program on wasi-libc: malloc, qsort and printf with numbers of all kinds. libc.wasm is this file after:
//
//	clang --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-debug -o libc.wasm libc.c

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

EXPORT(text) uint32_t text(uint32_t n) {
	char **lines = malloc(n * sizeof *lines);
	for (uint32_t i = 0; i < n; i++) {
		lines[i] = malloc(64);
		snprintf(lines[i], 64, "%08x %d %s %.6g", i * 2654435761u, (int)i, i % 3 ? "odd" : "even", i / 7.0);
	}
	qsort(lines, n, sizeof *lines, compare);
	uint32_t sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (char *c = lines[i]; *c; c++) sum = sum * 31 + *c;
		free(lines[i]);
	}
	free(lines);
	return sum;
}
