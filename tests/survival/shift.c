/* The wall clock goes ahead by eight hours while a file exists; the time since boot does not: what a process sees of a
 * machine that slept. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, time);
    const char *file = getenv("SHIFT_WHILE");
    if (id == CLOCK_REALTIME && file && access(file, F_OK) == 0) time->tv_sec += 8 * 3600;
    return result;
}
