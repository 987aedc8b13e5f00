/* Preloaded into the console: as soon as the FIFO named by FULL_OUTPUT_WHEN is opened for writing, standard output is
   /dev/full, and every write to it fails with ENOSPC. The descriptor is exchanged, so that the kernel itself refuses:
   the program's system calls do not pass through the C library. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *wait_for_word(void *fifo) {
    char byte;
    int word = open(fifo, O_RDONLY);
    int full = open("/dev/full", O_WRONLY);
    if (word < 0 || full < 0 || read(word, &byte, 1) != 1 || dup2(full, 1) != 1) _exit(90);
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    static char fifo[4096];
    const char *named = getenv("FULL_OUTPUT_WHEN");
    pthread_t thread;
    if (!named) return;
    for (int at = 0; at < 4095 && named[at]; at++) fifo[at] = named[at];
    unsetenv("FULL_OUTPUT_WHEN");
    if (pthread_create(&thread, NULL, wait_for_word, fifo) != 0) _exit(91);
}
