/* LD_PRELOAD: records the system calls that change files below TRACE_ROOT, and standard output, in TRACE_FILE.

   A record is a line `call path other offset length`, separated by tabs, and `length` bytes of data.
   With TRACE_FAIL=n the n-th call after the first output fails with ENOSPC. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char *paths[FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1, printed = 0, count = 0;

static char *below(const char *path) {
    const char *root = getenv("TRACE_ROOT");
    char whole[8192];
    if (!root || !path) return NULL;
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char folder[4096];
        if (!getcwd(folder, sizeof folder)) return NULL;
        if (strcmp(path, ".") == 0) snprintf(whole, sizeof whole, "%s", folder);
        else snprintf(whole, sizeof whole, "%s/%s", folder, path[0] == '.' && path[1] == '/' ? path + 2 : path);
    }
    return strncmp(whole, root, strlen(root)) == 0 ? strdup(whole) : NULL;
}

static void record(const char *call, const char *path, const char *other, long offset, const void *data, size_t length) {
    pthread_mutex_lock(&lock);
    if (trace < 0) trace = NEXT(open)(getenv("TRACE_FILE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    char head[16384];
    int n = snprintf(head, sizeof head, "%s\t%s\t%s\t%ld\t%zu\n", call, path, other, offset, length);
    if (NEXT(write)(trace, head, n) != n || NEXT(write)(trace, data ? data : "", length) != (ssize_t)length) abort();
    pthread_mutex_unlock(&lock);
}

/* Whether this call is the one that fails. */
static int fails(void) {
    const char *n = getenv("TRACE_FAIL");
    if (!n || !printed || ++count != atoi(n)) return 0;
    record("fail", "", "", 0, NULL, 0);
    errno = ENOSPC;
    return 1;
}

static int opened(int fd, const char *path, int flags, int existed) {
    if (fd < 0 || fd >= FILES) return fd;
    free(paths[fd]);
    paths[fd] = below(path);
    if (!paths[fd]) return fd;
    if (flags & O_CREAT && !existed) record("create", paths[fd], "", 0, NULL, 0);
    if (flags & O_TRUNC && existed) record("truncate", paths[fd], "", 0, NULL, 0);
    return fd;
}

static int opens(const char *name, const char *path, int flags, mode_t mode) {
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    char *own = flags & (O_CREAT | O_TRUNC) ? below(path) : NULL;
    int existed = access(path, F_OK) == 0;
    if (own && fails()) return free(own), -1;
    free(own);
    return opened(next(path, flags, mode), path, flags, existed);
}

#define OPEN(name)                                   \
    int name(const char *path, int flags, ...) {     \
        mode_t mode = 0;                             \
        if (flags & O_CREAT) {                       \
            va_list more;                            \
            va_start(more, flags);                   \
            mode = va_arg(more, mode_t);             \
            va_end(more);                            \
        }                                            \
        return opens(#name, path, flags, mode);      \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < FILES && fd != trace) free(paths[fd]), paths[fd] = NULL;
    return NEXT(close)(fd);
}

static long place(int fd) {
    struct stat about;
    if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &about) == 0 ? about.st_size : 0;
    return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t length) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : NULL;
    if (!path) {
        ssize_t n = NEXT(write)(fd, data, length);
        if (fd == 1 && n > 0 && getenv("TRACE_ROOT")) {
            record("print", "", "", 0, data, n);
            printed = 1;
        }
        return n;
    }
    if (fails()) return -1;
    long at = place(fd);
    ssize_t n = NEXT(write)(fd, data, length);
    if (n > 0) record("write", path, "", at, data, n);
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : NULL;
    if (path && fails()) return -1;
    ssize_t n = NEXT(pwrite64)(fd, data, length, at);
    if (path && n > 0) record("write", path, "", at, data, n);
    return n;
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
    if (fd < 0 || fd >= FILES || (!paths[fd] && fd != 1)) return NEXT(writev)(fd, parts, n);
    ssize_t all = 0;
    for (int i = 0; i < n; i++) {
        ssize_t one = parts[i].iov_len ? write(fd, parts[i].iov_base, parts[i].iov_len) : 0;
        if (one < 0) return all ? all : -1;
        all += one;
        if ((size_t)one < parts[i].iov_len) break;
    }
    return all;
}

static int synced(int fd, int (*next)(int)) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : NULL;
    if (path && fails()) return -1;
    int outcome = next(fd);
    if (path && outcome == 0) record("sync", path, "", 0, NULL, 0);
    return outcome;
}
int fsync(int fd) { return synced(fd, NEXT(fsync)); }
int fdatasync(int fd) { return synced(fd, NEXT(fdatasync)); }

static int renamed(const char *from, const char *to, int (*next)(const char *, const char *), const char *call) {
    char *a = below(from), *b = below(to);
    int outcome = a && b && fails() ? -1 : next(from, to);
    if (a && b && outcome == 0) record(call, a, b, 0, NULL, 0);
    free(a), free(b);
    return outcome;
}
int rename(const char *from, const char *to) { return renamed(from, to, NEXT(rename), "rename"); }
int link(const char *from, const char *to) { return renamed(from, to, NEXT(link), "link"); }

int unlink(const char *path) {
    char *own = below(path);
    int outcome = NEXT(unlink)(path);
    if (own && outcome == 0) record("unlink", own, "", 0, NULL, 0);
    free(own);
    return outcome;
}

int mkdir(const char *path, mode_t mode) {
    char *own = below(path);
    int outcome = own && fails() ? -1 : NEXT(mkdir)(path, mode);
    if (own && outcome == 0) record("mkdir", own, "", 0, NULL, 0);
    free(own);
    return outcome;
}

static int cut(int fd, off64_t length, int (*next)(int, off64_t)) {
    int outcome = next(fd, length);
    if (fd >= 0 && fd < FILES && paths[fd] && outcome == 0) record("resize", paths[fd], "", length, NULL, 0);
    return outcome;
}
int ftruncate64(int fd, off64_t length) { return cut(fd, length, (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64")); }
int ftruncate(int fd, off_t length) { return cut(fd, length, (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64")); }
