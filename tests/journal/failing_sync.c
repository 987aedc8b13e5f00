/* While the file named by FAIL_SYNC_WHILE exists, fsync and fdatasync fail with EIO; while the one named by FAIL_READ_WHILE
   does, read and pread. If it holds a name, they fail only for files of that name. Preloaded into a test's child process:
   an honest failure below SQLite. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(int fd, const char *variable) {
    const char *path = getenv(variable);
    if (!path) return 0;
    int flag = open(path, O_RDONLY);
    if (flag < 0) return 0;
    char name[256] = {0}, link[64], target[4096] = {0};
    ssize_t length = syscall(SYS_read, flag, name, sizeof name - 1);
    close(flag);
    if (length <= 0) return 1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, target, sizeof target - 1) < 0) return 0;
    const char *base = strrchr(target, '/');
    return base && strcmp(base + 1, name) == 0;
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails(fd, "FAIL_SYNC_WHILE")) { errno = EIO; return -1; }
    return real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails(fd, "FAIL_SYNC_WHILE")) { errno = EIO; return -1; }
    return real(fd);
}

ssize_t read(int fd, void *buffer, size_t count) {
    if (fails(fd, "FAIL_READ_WHILE")) { errno = EIO; return -1; }
    return syscall(SYS_read, fd, buffer, count);
}

ssize_t pread(int fd, void *buffer, size_t count, off_t offset) {
    if (fails(fd, "FAIL_READ_WHILE")) { errno = EIO; return -1; }
    return syscall(SYS_pread64, fd, buffer, count, offset);
}

ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
    if (fails(fd, "FAIL_READ_WHILE")) { errno = EIO; return -1; }
    return syscall(SYS_pread64, fd, buffer, count, offset);
}
