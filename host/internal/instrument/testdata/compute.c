// Small programs that are nearly all loops, calls or bulk operations, each a function of a size that returns a checksum.
// compute.wasm is this file after:
//
//	clang --target=wasm32-wasi -O2 -mbulk-memory -c -o compute.o compute.c
//	wasm-ld --no-entry --strip-all -o compute.wasm compute.o

#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static uint8_t memory[4 << 20];
static uint8_t copies[1 << 20];

EXPORT(fib) uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

EXPORT(sieve) uint32_t sieve(uint32_t n) {
	__builtin_memset(memory, 0, n);
	uint32_t primes = 0;
	for (uint32_t i = 2; i < n; i++) {
		if (memory[i]) continue;
		primes++;
		for (uint32_t j = 2 * i; j < n; j += i) memory[j] = 1;
	}
	return primes;
}

EXPORT(copy) uint32_t copy(uint32_t rounds) {
	for (uint32_t i = 0; i < 256; i++) memory[i] = i;
	for (uint32_t i = 0; i < rounds; i++) {
		uint32_t size = 1 + i % 200;
		__builtin_memcpy(copies + i % 1000, memory + i % 57, size);
		__builtin_memset(memory + 300, i, size);
	}
	uint32_t sum = 0;
	for (uint32_t i = 0; i < 2000; i++) sum = sum * 31 + copies[i] + memory[i];
	return sum;
}

EXPORT(matrix) uint32_t matrix(uint32_t n) {
	double *a = (double *)memory, *b = a + n * n, *c = b + n * n;
	for (uint32_t i = 0; i < n * n; i++) a[i] = i % 7, b[i] = i % 5;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++) {
			double sum = 0;
			for (uint32_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
			c[i * n + j] = sum;
		}
	double sum = 0;
	for (uint32_t i = 0; i < n * n; i++) sum += c[i];
	return (uint32_t)sum;
}

static void sort_range(int32_t *a, int32_t low, int32_t high) {
	while (low < high) {
		int32_t pivot = a[(low + high) / 2], i = low, j = high;
		while (i <= j) {
			while (a[i] < pivot) i++;
			while (a[j] > pivot) j--;
			if (i <= j) {
				int32_t t = a[i];
				a[i++] = a[j];
				a[j--] = t;
			}
		}
		sort_range(a, low, j);
		low = i;
	}
}

EXPORT(quicksort) uint32_t quicksort(uint32_t n) {
	int32_t *a = (int32_t *)memory;
	uint32_t x = 1;
	for (uint32_t i = 0; i < n; i++) a[i] = (x = x * 1664525 + 1013904223) >> 1;
	sort_range(a, 0, n - 1);
	uint32_t sum = 0;
	for (uint32_t i = 1; i < n; i++) sum = sum * 31 + (a[i - 1] <= a[i]) + a[i];
	return sum;
}

typedef uint32_t (*operation)(uint32_t);
static uint32_t add(uint32_t x) { return x + 7; }
static uint32_t twist(uint32_t x) { return (x << 5 | x >> 27) ^ 0x9e3779b9; }
static uint32_t half(uint32_t x) { return x & 1 ? x * 3 + 1 : x / 2; }
static const operation operations[] = {add, twist, half};

EXPORT(dispatch) uint32_t dispatch(uint32_t rounds) {
	uint32_t x = 1;
	for (uint32_t i = 0; i < rounds; i++) x = operations[x % 3](x);
	return x;
}

// A virtual machine as interpreters have them: one loop around a switch.
EXPORT(interpret) uint32_t interpret(uint32_t rounds) {
	static const uint8_t program[] = {0, 1, 2, 3, 4, 5, 6, 1, 3, 7};
	uint32_t a = 1, b = 2, pc = 0;
	while (rounds) {
		switch (program[pc++]) {
		case 0: a += b; break;
		case 1: b ^= a; break;
		case 2: a = a << 3 | a >> 29; break;
		case 3: b += 17; break;
		case 4: if (a & 1) pc++; break;
		case 5: memory[a & 1023] = b; break;
		case 6: b += memory[b & 1023]; break;
		case 7: pc = 0; rounds--; break;
		}
	}
	return a ^ b;
}
