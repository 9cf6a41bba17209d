/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files as sinks of the freestanding writer.
 *
 * Space comes before bytes: reserve() has the file system allocate what the writer is about to
 * write and what the file's end will take (fallocate without changing the size), some megabytes
 * ahead so that it is a rare call. A file system that cannot gets zeros written there instead.
 * RLIMIT_FSIZE counts as a full disk: it is asked for, so that its signal never comes. At the end
 * the file is cut to its size, which gives back what was allocated in vain. */
#define _GNU_SOURCE
#include <axiom_host/crc32_vector.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <traces/host/file_writer.h>
#include <unistd.h>

enum {
    CHUNK_SIZE = 256 << 10,
    INDEX_SIZE = 64 << 10,
    AHEAD_SIZE = 16 << 20,
    MEMORY_STEP = 4 << 20,
    CHANNEL_CAPACITY = 1024,
    TAIL_RESERVE = 512,
};

struct mcap_file_writer {
    struct mcap_writer writer;
    char *path; /* NULL: memory */
    int fd;
    int spill_fd; /* -1: not made yet */
    bool regular; /* space can be allocated ahead */
    uint64_t position;
    uint64_t allocated; /* up to here, space is ours */
    uint64_t spilled;
    uint8_t *memory;
    size_t memory_size;
    uint8_t *chunk, *summary, *index;
    struct mcap_writer_channel *channel;
};

/* --- a file --- */

static int full_or(int error)
{
    return error == EDQUOT || error == EFBIG || error == ENOSPC ? -ENOSPC : -error;
}

static int write_all(int fd, const void *data, size_t size)
{
    for (const uint8_t *at = data; size > 0;) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put == 0 ? -EIO : full_or(errno);
        at += put;
        size -= (size_t)put;
    }
    return 0;
}

static int file_write(void *context, const void *data, size_t size)
{
    struct mcap_file_writer *f = context;
    int err = write_all(f->fd, data, size);
    if (err && f->regular && ftruncate(f->fd, (off_t)f->position) == 0)
        lseek(f->fd, (off_t)f->position, SEEK_SET); /* half a chunk helps nobody */
    if (!err)
        f->position += size;
    return err;
}

/* Where the file system has no fallocate: zeros are space, too. */
static int allocate_by_writing(struct mcap_file_writer *f, uint64_t end)
{
    static const uint8_t zeros[65536];
    for (uint64_t at = f->allocated > f->position ? f->allocated : f->position; at < end;) {
        size_t take = end - at < sizeof zeros ? (size_t)(end - at) : sizeof zeros;
        ssize_t put = pwrite(f->fd, zeros, take, (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put == 0 ? -EIO : full_or(errno);
        at += (uint64_t)put;
    }
    return 0;
}

static int allocate(struct mcap_file_writer *f, uint64_t end)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        end > limit.rlim_cur)
        return -ENOSPC;
    int err = 0;
    if (fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)f->position, (off_t)(end - f->position)) != 0)
        err = errno == EOPNOTSUPP || errno == ENOSYS ? allocate_by_writing(f, end) : full_or(errno);
    if (!err)
        f->allocated = end;
    return err;
}

static int file_reserve(void *context, uint64_t size)
{
    struct mcap_file_writer *f = context;
    uint64_t end = f->position + size;
    if (!f->regular || end <= f->allocated)
        return 0;
    int err = allocate(f, end + AHEAD_SIZE);
    /* Not that much is left: exactly what is needed, then. */
    return err == -ENOSPC ? allocate(f, end) : err;
}

/* An unlinked file in the same folder, where there is room for the recording too. */
static int spill_open(struct mcap_file_writer *f)
{
    char path[4096];
    const char *slash = strrchr(f->path, '/');
    int length = slash != NULL ? (int)(slash - f->path) + 1 : 0;
    snprintf(path, sizeof path, "%.*s.axiom-index-XXXXXX", length, f->path);
    f->spill_fd = mkstemp(path);
    if (f->spill_fd < 0)
        return full_or(errno);
    unlink(path);
    return 0;
}

static int file_spill(void *context, const void *data, size_t size)
{
    struct mcap_file_writer *f = context;
    int err = f->spill_fd < 0 ? spill_open(f) : 0;
    if (!err && lseek(f->spill_fd, (off_t)f->spilled, SEEK_SET) < 0)
        err = -errno;
    if (!err)
        err = write_all(f->spill_fd, data, size);
    if (!err)
        f->spilled += size;
    return err;
}

static int file_unspill(void *context, uint64_t offset, void *data, size_t size)
{
    struct mcap_file_writer *f = context;
    for (uint8_t *to = data; size > 0;) {
        ssize_t got = pread(f->spill_fd, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? -EIO : -errno;
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

/* --- memory --- */

/* Pages of its own, large ones where the system has them: touching a recording for the first time
 * four kilobytes at a time costs more than making it. */
static int memory_grow(struct mcap_file_writer *f, size_t need)
{
    size_t size = f->memory_size != 0 ? f->memory_size : MEMORY_STEP;
    while (size < need) {
        if (size > SIZE_MAX / 2)
            return -ENOMEM;
        size *= 2;
    }
    void *grown = f->memory == NULL
                      ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : mremap(f->memory, f->memory_size, size, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED)
        return -ENOMEM;
    madvise(grown, size, MADV_HUGEPAGE); /* only advice */
    f->memory = grown;
    f->memory_size = size;
    return 0;
}

static int memory_write(void *context, const void *data, size_t size)
{
    struct mcap_file_writer *f = context;
    int err = size > f->memory_size - f->position ? memory_grow(f, (size_t)f->position + size) : 0;
    if (err)
        return err;
    memcpy(f->memory + f->position, data, size);
    f->position += size;
    return 0;
}

/* --- both --- */

static int fail(struct mcap_error *error, int code, const char *path, const char *what)
{
    *error = (struct mcap_error){ .code = code };
    snprintf(error->text, sizeof error->text, "%.300s: %s: %s", path, what, strerror(-code));
    return code;
}

static void writer_free(struct mcap_file_writer *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->spill_fd >= 0)
        close(f->spill_fd);
    free(f->path);
    if (f->memory != NULL)
        munmap(f->memory, f->memory_size);
    free(f->chunk);
    free(f->summary);
    free(f->index);
    free(f->channel);
    free(f);
}

static bool buffers_make(struct mcap_file_writer *f, struct mcap_writer_config *config,
                         const struct mcap_file_options *options)
{
    config->chunk_size = options->chunk_size != 0 ? options->chunk_size : CHUNK_SIZE;
    config->channel_capacity =
        options->channel_capacity != 0 ? options->channel_capacity : CHANNEL_CAPACITY;
    config->summary_size = options->summary_size != 0
                               ? options->summary_size
                               : 65536 + 256 * (size_t)config->channel_capacity;
    config->index_size = INDEX_SIZE + 10 * (size_t)config->channel_capacity;
    config->chunk = f->chunk = malloc(config->chunk_size);
    config->summary = f->summary = malloc(config->summary_size);
    config->index = f->index = malloc(config->index_size);
    config->channel = f->channel = calloc(config->channel_capacity, sizeof *f->channel);
    return f->chunk != NULL && f->summary != NULL && f->index != NULL && f->channel != NULL;
}

static int begin(struct mcap_file_writer *f, const struct mcap_file_options *options,
                 struct mcap_file_writer **out, struct mcap_error *error)
{
    static const struct mcap_file_options none;
    if (options == NULL)
        options = &none;
    const char *name = f->path != NULL ? f->path : "memory";
    struct mcap_writer_config config = {
        .limit_bytes = options->limit_bytes,
        .tail_reserve = options->tail_reserve != 0 ? options->tail_reserve : TAIL_RESERVE,
        .profile = options->profile,
        .library = options->library,
    };
    if (f->path != NULL)
        config.sink = (struct mcap_sink){ f, file_write, file_reserve, file_spill, file_unspill };
    else
        config.sink = (struct mcap_sink){ f, memory_write, NULL, NULL, NULL };
    crc32_use_vector();
    int err = buffers_make(f, &config, options) ? 0 : -ENOMEM;
    if (!err)
        err = mcap_writer_begin(&f->writer, &config);
    if (err) {
        fail(error, err, name, "cannot begin a recording");
        writer_free(f);
        return err;
    }
    *out = f;
    return 0;
}

int mcap_file_create(const char *path, const struct mcap_file_options *options,
                     struct mcap_file_writer **out, struct mcap_error *error)
{
    struct mcap_file_writer *f = calloc(1, sizeof *f);
    if (f == NULL)
        return fail(error, -ENOMEM, path, "cannot be recorded to");
    f->spill_fd = -1;
    f->path = strdup(path);
    f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    struct stat status;
    if (f->fd < 0 || f->path == NULL || fstat(f->fd, &status) != 0) {
        int err = fail(error, f->path == NULL ? -ENOMEM : -errno, path, "cannot be recorded to");
        writer_free(f);
        return err;
    }
    f->regular = S_ISREG(status.st_mode);
    return begin(f, options, out, error);
}

int mcap_memory_create(const struct mcap_file_options *options, struct mcap_file_writer **out,
                       struct mcap_error *error)
{
    struct mcap_file_writer *f = calloc(1, sizeof *f);
    if (f == NULL)
        return fail(error, -ENOMEM, "memory", "cannot be recorded to");
    f->fd = f->spill_fd = -1;
    return begin(f, options, out, error);
}

struct mcap_writer *mcap_file_writer(struct mcap_file_writer *file)
{
    return &file->writer;
}

struct mcap_bytes mcap_memory_bytes(const struct mcap_file_writer *file)
{
    return (struct mcap_bytes){ file->memory, file->position };
}

static int finish(struct mcap_file_writer *f)
{
    struct mcap_writer *w = &f->writer;
    if (w->state == MCAP_FINISHED)
        return w->dropped_messages > 0 ? -ENOSPC : 0;
    return mcap_writer_finish(w);
}

int mcap_file_close(struct mcap_file_writer *f, struct mcap_error *error)
{
    const struct mcap_writer *w = &f->writer;
    const char *name = f->path != NULL ? f->path : "memory";
    int err = finish(f);
    if (f->regular && ftruncate(f->fd, (off_t)f->position) != 0 && !err)
        err = -errno;
    if (f->fd >= 0 && close(f->fd) != 0 && !err)
        err = full_or(errno);
    f->fd = -1;
    if (err == -ENOSPC && w->state == MCAP_FINISHED) {
        *error = (struct mcap_error){ .code = err };
        snprintf(error->text, sizeof error->text,
                 "%.300s: the disk is full: %" PRIu64
                 " messages are recorded in a valid file, %" PRIu64
                 " were dropped; make room, or record to another place",
                 name, w->message_count, w->dropped_messages);
    } else if (err) {
        fail(error, err, name, "recording failed; what is whole of it can be recovered");
    }
    writer_free(f);
    return err;
}
