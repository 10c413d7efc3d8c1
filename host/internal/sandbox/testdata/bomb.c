// What C can do that does not end, and what it has of WASI. Built by:
//
//	clang --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-all -o bomb.wasm bomb.c
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(name)))

static volatile int sink;

EXPORT("loop") void loop(void) {
	for (;;)
		sink++;
}

// Nothing of it is on C's own stack, which is in the memory and would end first.
static int deeper(int n) {
	sink++;
	return deeper(n + 1) + sink;
}

EXPORT("recurse") void recurse(void) { sink = deeper(1); }

// A back-reference makes the library go back as often as there are ways to cut the text.
EXPORT("regexp") void regexp(void) {
	regex_t re;
	regmatch_t match[3];
	char text[200];
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 0;
	if (regcomp(&re, "(a*)(a*)*\\1\\2\\2b", 0) != 0 && regcomp(&re, "\\(a*\\)*\\(a*\\)*\\1\\2b", 0) != 0)
		abort();
	sink = regexec(&re, text, 3, match, 0);
}

// Memory until there is no more.
EXPORT("allocate") void allocate(void) {
	for (;;) {
		char *volatile p = malloc(1 << 16);
		if (p == NULL)
			abort();
	}
}

EXPORT("leave") void leave(void) { exit(3); }

// Says what there is, in lines.
EXPORT("tour") void tour(void) {
	printf("TOKEN=%s PATH=%s\n", getenv("TOKEN"), getenv("PATH") ? getenv("PATH") : "none");
	printf("terminal %d\n", isatty(1));
	errno = 0;
	printf("open %d: %s\n", open("/etc/passwd", O_RDONLY), strerror(errno));
	errno = 0;
	printf("fopen %d\n", fopen("file", "w") != NULL);
	errno = 0;
	printf("seek %d: %s\n", (int)lseek(1, 0, SEEK_SET), strerror(errno));
	printf("input %d\n", getchar());
	struct timespec nap = {0, 1000000}, now;
	printf("sleep %d\n", nanosleep(&nap, NULL));
	printf("clock %d\n", clock_gettime(CLOCK_MONOTONIC, &now));
	unsigned char random[16] = {0};
	printf("random %d\n", getentropy(random, sizeof random));
	fprintf(stderr, "done\n");
	printf("no end");
	fflush(stdout);
}
