/*
 * Records every way in which a process changes the files below one directory, and can make such a call fail.
 *
 * Loaded with LD_PRELOAD. Each call that changes a tracked file becomes one record in a trace file that lies outside of the
 * directory: what it did, to which file, with which bytes, and the CLOCK_MONOTONIC times just before and just after it (Java's
 * System.nanoTime() reads the same clock). From such a trace the disk images that a power cut at any moment could leave are
 * rebuilt; see DiskImages.java. Ways of writing that cannot be recorded (copy_file_range, sendfile) abort the process.
 *
 * Environment:
 *   LOCKSTEP_SHIM_DIR         the directory, an absolute real path; unset: nothing is recorded
 *   LOCKSTEP_SHIM_TRACE       the trace file; unset: nothing is recorded, faults still work
 *   LOCKSTEP_SHIM_SKIP_FLUSH  n: every nth flush (fsync, fdatasync, O_DSYNC write) is a lie: it returns and leaves no record
 *   LOCKSTEP_SHIM_DELAY_US    each flush takes that much longer
 *   LOCKSTEP_SHIM_FAIL        what:errno:nth[+][:part of path]; what = flush (fsync, fdatasync), dsync (O_DSYNC writes) or write
 *                             (any write). The nth such call fails, with + also all later ones
 *   LOCKSTEP_SHIM_KILL        n: the process kills itself after the nth record, at a moment when no call is under way, so that
 *                             the trace is complete; a second process may go on with the same trace
 *   LOCKSTEP_SHIM_KILL_AT_FLUSH  set: and not before it is about to flush
 *   LOCKSTEP_SHIM_ARM         faults and the kill count only from when this file exists
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FD_MAX = 1 << 16, FILES_MAX = 1 << 16 };
enum { T_OPEN = 1, T_WRITE, T_TRUNCATE, T_ALLOCATE, T_FLUSH, T_RENAME, T_UNLINK, T_MAP, T_CLOSE, T_START };
enum { F_CREATED = 1, F_DIRECTORY = 2, F_DSYNC = 4, F_ZEROS = 8, F_PUNCH = 16, F_KEEP_SIZE = 32, F_SHARED_MAP_WRITABLE = 64 };
static const uint32_t MAGIC = 0x544f494c; /* "LIOT" */

struct record {
    uint32_t magic;
    uint16_t type;
    uint16_t flags;
    uint32_t file;
    int32_t error; /* errno when the call failed, else 0 */
    uint64_t seq;
    uint64_t begin;
    uint64_t end;
    uint64_t offset;
    uint64_t length;
    uint32_t payload; /* bytes that follow this record */
    uint32_t thread;
};

struct file {
    dev_t dev;
    ino_t ino;
    int alive;
    char path[512];
};

static struct file files[FILES_MAX];
static int file_count = 1; /* 0 means: not tracked */
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int fd_file[FD_MAX];
static _Atomic int fd_dsync[FD_MAX];
static _Atomic uint64_t next_seq = 1;
static _Atomic long flushes, fault_calls, records;
static const char *dir, *fault_path, *arm_path;
static size_t dir_len;
static int trace_fd = -1, fault_errno, fault_forever;
static char fault_what[16];
static long skip_every, delay_us, fault_nth, kill_nth, kill_at_flush;
/* Held for reading while a call is made and recorded; for writing by the thread that kills the process. */
static pthread_rwlock_t calls = PTHREAD_RWLOCK_INITIALIZER;

#define REAL(ret, name, ...)                                         \
    static ret (*real)(__VA_ARGS__);                                 \
    if (!real) real = (ret (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, #name)

static void die(const char *why) {
    dprintf(2, "iotrace: %s: %s\n", why, strerror(errno));
    abort();
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static void parse_fault(const char *spec) {
    char path[256] = "", plus[2] = "";
    if (sscanf(spec, "%15[a-z]:%d:%ld%1[+]:%255s", fault_what, &fault_errno, &fault_nth, plus, path) < 4
        && sscanf(spec, "%15[a-z]:%d:%ld:%255s", fault_what, &fault_errno, &fault_nth, path) < 3) {
        errno = EINVAL;
        die("LOCKSTEP_SHIM_FAIL");
    }
    fault_forever = plus[0] == '+';
    fault_path = strdup(path);
}

static void init(void) {
    const char *d = getenv("LOCKSTEP_SHIM_DIR"), *trace = getenv("LOCKSTEP_SHIM_TRACE"), *value;
    if (!d) return;
    if ((value = getenv("LOCKSTEP_SHIM_SKIP_FLUSH"))) skip_every = atol(value);
    if ((value = getenv("LOCKSTEP_SHIM_DELAY_US"))) delay_us = atol(value);
    if ((value = getenv("LOCKSTEP_SHIM_FAIL"))) parse_fault(value);
    if ((value = getenv("LOCKSTEP_SHIM_KILL"))) kill_nth = atol(value);
    kill_at_flush = getenv("LOCKSTEP_SHIM_KILL_AT_FLUSH") != NULL;
    arm_path = getenv("LOCKSTEP_SHIM_ARM");
    if (trace) {
        trace_fd = (int) syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (trace_fd < 0) die(trace);
        struct record r = {.magic = MAGIC, .type = T_START, .begin = now(), .end = now()};
        if (syscall(SYS_write, trace_fd, &r, sizeof r) != sizeof r) die("trace file");
    }
    dir_len = strlen(d);
    dir = d;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int active(void) {
    pthread_once(&once, init);
    return dir != NULL;
}
__attribute__((constructor)) static void load(void) { active(); }

/* Below the directory, or the directory itself: the path relative to it; else NULL. */
static const char *relative(int at, const char *path, char *buffer) {
    if (!active() || !path) return NULL;
    if (path[0] != '/') {
        if (at != AT_FDCWD) {
            int base = at >= 0 && at < FD_MAX ? fd_file[at] : 0;
            if (!base) return NULL;
            snprintf(buffer, PATH_MAX, "%s/%s/%s", dir, files[base].path, path);
        } else {
            char cwd[PATH_MAX / 2];
            if (!getcwd(cwd, sizeof cwd)) return NULL;
            snprintf(buffer, PATH_MAX, "%s/%s", cwd, path);
        }
        path = buffer;
    }
    if (strncmp(path, dir, dir_len) || (path[dir_len] && path[dir_len] != '/')) return NULL;
    path += dir_len;
    while (*path == '/') path++;
    if (!strncmp(path, "./", 2)) path += 2;
    return path;
}

static int file_id(const struct stat *st, const char *path) {
    pthread_mutex_lock(&files_lock);
    int id = 0;
    for (int i = 1; i < file_count && !id; i++) {
        if (files[i].alive && files[i].ino == st->st_ino && files[i].dev == st->st_dev) id = i;
    }
    if (!id) {
        if (file_count == FILES_MAX) die("too many files");
        id = file_count++;
        files[id] = (struct file){.dev = st->st_dev, .ino = st->st_ino, .alive = 1};
    }
    snprintf(files[id].path, sizeof files[id].path, "%s", path);
    pthread_mutex_unlock(&files_lock);
    return id;
}

/* The inode behind a path is about to lose a name; when that was its last one its number may come back as another file. */
static int forget(const char *absolute) {
    struct stat st;
    int id = 0;
    if (lstat(absolute, &st)) return 0;
    pthread_mutex_lock(&files_lock);
    for (int i = 1; i < file_count && !id; i++) {
        if (files[i].alive && files[i].ino == st.st_ino && files[i].dev == st.st_dev) id = i;
    }
    if (id && st.st_nlink <= 1) files[id].alive = 0;
    pthread_mutex_unlock(&files_lock);
    return id;
}

static int armed(void) { return !arm_path || !syscall(SYS_access, arm_path, F_OK); }

static void die_now(void) {
    pthread_rwlock_wrlock(&calls);
    kill(getpid(), SIGKILL);
}

static struct record start(int type, int file) {
    if (kill_at_flush && type == T_FLUSH && records >= kill_nth && armed()) die_now();
    pthread_rwlock_rdlock(&calls);
    return (struct record){.magic = MAGIC, .type = (uint16_t) type, .file = (uint32_t) file,
        .thread = (uint32_t) syscall(SYS_gettid), .seq = next_seq++, .begin = now()};
}

static void finish(struct record *r, int failed, const struct iovec *parts, int part_count) {
    int saved = errno;
    r->end = now();
    r->error = failed ? saved : 0;
    if (trace_fd >= 0) {
        struct iovec out[part_count + 1];
        size_t total = sizeof *r;
        out[0] = (struct iovec){r, sizeof *r};
        for (int i = 0; i < part_count; i++) {
            out[i + 1] = parts[i];
            total += parts[i].iov_len;
        }
        if (syscall(SYS_writev, trace_fd, out, part_count + 1) != (long) total) die("trace file");
    }
    pthread_rwlock_unlock(&calls);
    if (kill_nth && armed() && ++records >= kill_nth && !kill_at_flush) die_now();
    errno = saved;
}

static void finish_text(struct record *r, int failed, const char *text) {
    struct iovec part = {(void *) text, strlen(text)};
    r->payload = (uint32_t) part.iov_len;
    finish(r, failed, &part, 1);
}

/* True when this call is to fail; errno is set. */
static int fault(const char *what, int file) {
    if (!fault_nth || strcmp(what, fault_what) || !strstr(files[file].path, fault_path)) return 0;
    if (!armed()) return 0;
    long call = ++fault_calls;
    if (call != fault_nth && !(fault_forever && call > fault_nth)) return 0;
    errno = fault_errno;
    return 1;
}

static int skipped(void) { return skip_every && ++flushes % skip_every == 0; }

static void delay(void) {
    if (delay_us) {
        struct timespec t = {delay_us / 1000000, delay_us % 1000000 * 1000};
        nanosleep(&t, NULL);
    }
}

static int tracked(int fd) { return fd >= 0 && fd < FD_MAX && active() ? fd_file[fd] : 0; }

/* ---- names ---- */

static int opened(int fd, const char *path, int flags, int existed, struct record *r) {
    struct stat st;
    if (fd < 0) {
        pthread_rwlock_unlock(&calls);
        return fd;
    }
    if (fd >= FD_MAX || fstat(fd, &st)) die("open");
    int id = file_id(&st, path);
    fd_dsync[fd] = (flags & (O_DSYNC | O_SYNC)) != 0;
    fd_file[fd] = id;
    r->file = (uint32_t) id;
    r->flags = (uint16_t) ((existed ? 0 : F_CREATED) | (S_ISDIR(st.st_mode) ? F_DIRECTORY : 0) | (fd_dsync[fd] ? F_DSYNC : 0));
    finish_text(r, 0, path);
    if (existed && (flags & O_TRUNC)) {
        struct record cut = start(T_TRUNCATE, id);
        cut.begin = r->begin;
        finish(&cut, 0, NULL, 0);
    }
    return fd;
}

/* A new descriptor may have the number of one that libc closed inside, unseen. */
static int untracked(int fd) {
    if (fd >= 0 && fd < FD_MAX) fd_file[fd] = 0;
    return fd;
}

static int open_any(int (*real)(int, const char *, int, ...), int at, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *rel = relative(at, path, buffer);
    if (!rel) return untracked(real(at, path, flags, mode));
    struct stat st;
    int existed = !fstatat(at, path, &st, 0);
    struct record r = start(T_OPEN, 0);
    return opened(real(at, path, flags, mode), rel, flags, existed, &r);
}

#define MODE(flags, mode) mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }
#define REAL_OPENAT static int (*real)(int, const char *, int, ...); \
    if (!real) real = (int (*)(int, const char *, int, ...)) dlsym(RTLD_NEXT, "openat")
int open(const char *p, int flags, ...) { REAL_OPENAT; MODE(flags, m); return open_any(real, AT_FDCWD, p, flags, m); }
int open64(const char *p, int flags, ...) { REAL_OPENAT; MODE(flags, m); return open_any(real, AT_FDCWD, p, flags, m); }
int openat(int at, const char *p, int flags, ...) { REAL_OPENAT; MODE(flags, m); return open_any(real, at, p, flags, m); }
int openat64(int at, const char *p, int flags, ...) { REAL_OPENAT; MODE(flags, m); return open_any(real, at, p, flags, m); }
int __open_2(const char *p, int flags) { REAL_OPENAT; return open_any(real, AT_FDCWD, p, flags, 0); }
int __open64_2(const char *p, int flags) { REAL_OPENAT; return open_any(real, AT_FDCWD, p, flags, 0); }
int creat(const char *p, mode_t m) { return open(p, O_CREAT | O_WRONLY | O_TRUNC, m); }
int creat64(const char *p, mode_t m) { return open(p, O_CREAT | O_WRONLY | O_TRUNC, m); }

int close(int fd) {
    REAL(int, close, int);
    if (tracked(fd)) {
        struct record r = start(T_CLOSE, fd_file[fd]);
        fd_file[fd] = 0;
        finish(&r, 0, NULL, 0);
    }
    return real(fd);
}

int closedir(DIR *d) {
    REAL(int, closedir, DIR *);
    untracked(dirfd(d));
    return real(d);
}

static int copied(int from, int to) {
    if (to >= 0 && to < FD_MAX && from >= 0 && from < FD_MAX && active()) {
        fd_dsync[to] = fd_dsync[from];
        fd_file[to] = fd_file[from];
    }
    return to;
}
int dup(int fd) { REAL(int, dup, int); return copied(fd, real(fd)); }
int dup2(int fd, int to) { REAL(int, dup2, int, int); return copied(fd, real(fd, to)); }
int dup3(int fd, int to, int f) { REAL(int, dup3, int, int, int); return copied(fd, real(fd, to, f)); }
static int fcntl_any(int fd, int cmd, void *arg) {
    static int (*real)(int, int, ...);
    if (!real) real = (int (*)(int, int, ...)) dlsym(RTLD_NEXT, "fcntl64");
    int result = real(fd, cmd, arg);
    return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ? copied(fd, result) : result;
}
#define FCNTL { va_list a; va_start(a, cmd); void *v = va_arg(a, void *); va_end(a); return fcntl_any(fd, cmd, v); }
int fcntl(int fd, int cmd, ...) FCNTL
int fcntl64(int fd, int cmd, ...) FCNTL

static int rename_any(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX], both[2 * PATH_MAX];
    const char *rel_from = relative(from_at, from, a), *rel_to = relative(to_at, to, b);
    if (!rel_from && !rel_to) return (int) syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    if (!rel_from || !rel_to || flags & ~1u /* RENAME_NOREPLACE */) die("rename across the traced directory");
    int snapped = snprintf(both, sizeof both, "%s\n%s", rel_from, rel_to);
    if (snapped < 0) die("rename");
    struct record r = start(T_RENAME, 0);
    forget(to);
    int result = (int) syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    finish_text(&r, result, both);
    return result;
}
int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int fa, const char *f, int ta, const char *t) { return rename_any(fa, f, ta, t, 0); }
int renameat2(int fa, const char *f, int ta, const char *t, unsigned n) { return rename_any(fa, f, ta, t, n); }

static int unlink_any(int at, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *rel = relative(at, path, buffer);
    if (!rel) return (int) syscall(SYS_unlinkat, at, path, flags);
    struct record r = start(T_UNLINK, 0);
    r.file = (uint32_t) forget(path);
    int result = (int) syscall(SYS_unlinkat, at, path, flags);
    finish_text(&r, result, rel);
    return result;
}
int unlink(const char *path) { return unlink_any(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_any(at, path, flags); }
int remove(const char *path) {
    struct stat st;
    int directory = !lstat(path, &st) && S_ISDIR(st.st_mode);
    return unlink_any(AT_FDCWD, path, directory ? AT_REMOVEDIR : 0);
}

/* ---- data ---- */

static int all_zero(const struct iovec *v, int n) {
    for (int i = 0; i < n; i++) {
        const char *p = v[i].iov_base;
        if (v[i].iov_len && (p[0] || memcmp(p, p + 1, v[i].iov_len - 1))) return 0;
    }
    return 1;
}

/* What a write of `done` bytes wrote, as a record: a run of zeros takes no room in the trace. */
static void wrote(struct record *r, const struct iovec *v, int n, ssize_t done) {
    struct iovec parts[n + 1];
    int used = 0;
    size_t left = done > 0 ? (size_t) done : 0;
    for (int i = 0; i < n && left; i++) {
        size_t len = v[i].iov_len < left ? v[i].iov_len : left;
        parts[used++] = (struct iovec){v[i].iov_base, len};
        left -= len;
    }
    r->length = done > 0 ? (uint64_t) done : 0;
    if (all_zero(parts, used)) {
        r->flags |= F_ZEROS;
        used = 0;
    } else {
        r->payload = (uint32_t) done;
    }
    finish(r, done < 0, parts, used);
}

/* offset -1: at the file's position. */
static ssize_t write_any(int fd, const struct iovec *v, int n, off_t offset) {
    int id = tracked(fd);
    if (!id) {
        return offset < 0 ? syscall(SYS_writev, fd, v, n)
            : syscall(SYS_pwritev, fd, v, n, (long) offset, (long) 0);
    }
    int dsync = fd_dsync[fd];
    struct record r = start(T_WRITE, id);
    r.flags = dsync && !skipped() ? F_DSYNC : 0;
    ssize_t done = -1;
    if (!fault("write", id) && !(dsync && fault("dsync", id))) {
        done = offset < 0 ? syscall(SYS_writev, fd, v, n) : syscall(SYS_pwritev, fd, v, n, (long) offset, (long) 0);
        if (dsync) delay();
    }
    r.offset = (uint64_t) offset;
    if (offset < 0 && done >= 0) r.offset = (uint64_t) (lseek(fd, 0, SEEK_CUR) - done);
    wrote(&r, v, n, done);
    return done;
}
#define ONE(buf, len) struct iovec one = {(void *) (buf), (len)}
ssize_t write(int fd, const void *b, size_t n) {
    if (!tracked(fd)) return syscall(SYS_write, fd, b, n);
    ONE(b, n);
    return write_any(fd, &one, 1, -1);
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { ONE(b, n); return write_any(fd, &one, 1, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off_t at) { ONE(b, n); return write_any(fd, &one, 1, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { return write_any(fd, v, n, -1); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return write_any(fd, v, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at) { return write_any(fd, v, n, at); }

static int resize(int fd, int type, int flags, off_t offset, off_t length) {
    struct record r = start(type, fd_file[fd]);
    r.flags = (uint16_t) flags;
    r.offset = (uint64_t) offset;
    r.length = (uint64_t) length;
    int result = (int) (type == T_TRUNCATE ? syscall(SYS_ftruncate, fd, length)
        : syscall(SYS_fallocate, fd, (flags & F_PUNCH ? 2 : 0) | (flags & F_KEEP_SIZE ? 1 : 0), offset, length));
    finish(&r, result, NULL, 0);
    return result;
}
int ftruncate(int fd, off_t n) { return tracked(fd) ? resize(fd, T_TRUNCATE, 0, 0, n) : (int) syscall(SYS_ftruncate, fd, n); }
int ftruncate64(int fd, off_t n) { return ftruncate(fd, n); }
int fallocate(int fd, int mode, off_t at, off_t n) {
    if (!tracked(fd)) return (int) syscall(SYS_fallocate, fd, mode, at, n);
    if (mode & ~3) die("fallocate mode");
    return resize(fd, T_ALLOCATE, (mode & 2 ? F_PUNCH : 0) | (mode & 1 ? F_KEEP_SIZE : 0), at, n);
}
int fallocate64(int fd, int mode, off_t at, off_t n) { return fallocate(fd, mode, at, n); }
int posix_fallocate(int fd, off_t at, off_t n) { return fallocate(fd, 0, at, n) ? errno : 0; }
int posix_fallocate64(int fd, off_t at, off_t n) { return fallocate(fd, 0, at, n) ? errno : 0; }

static int flush(int fd, long call) {
    int id = tracked(fd);
    if (!id) return (int) syscall(call, fd);
    if (skipped()) return 0;
    struct record r = start(T_FLUSH, id);
    int result = fault("flush", id) ? -1 : (int) syscall(call, fd);
    delay();
    finish(&r, result, NULL, 0);
    return result;
}
int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t at) {
    if (fd >= 0 && tracked(fd) && (flags & MAP_SHARED)) {
        struct record r = start(T_MAP, fd_file[fd]);
        r.flags = prot & PROT_WRITE ? F_SHARED_MAP_WRITABLE : 0;
        finish(&r, 0, NULL, 0);
    }
    return (void *) syscall(SYS_mmap, addr, n, prot, flags, fd, at);
}
void *mmap64(void *addr, size_t n, int prot, int flags, int fd, off_t at) { return mmap(addr, n, prot, flags, fd, at); }

ssize_t copy_file_range(int in, off64_t *ia, int out, off64_t *oa, size_t n, unsigned f) {
    if (tracked(out)) { errno = ENOTSUP; die("copy_file_range cannot be recorded"); }
    return syscall(SYS_copy_file_range, in, ia, out, oa, n, f);
}
ssize_t sendfile(int out, int in, off_t *at, size_t n) {
    if (tracked(out)) { errno = ENOTSUP; die("sendfile cannot be recorded"); }
    return syscall(SYS_sendfile, out, in, at, n);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t n) { return sendfile(out, in, at, n); }
