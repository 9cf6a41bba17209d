/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The recorder's file: one buffer, write(2), and space held back for the footer.
 *
 * The reserve is real: fallocate() claims it beyond the end of what is written, so that a disk that
 * fills up still takes the footer; file systems that cannot are asked to do their best. */
#define _GNU_SOURCE /* see feature_test_macros(7) */
#include <axiom/errno.h>
#include <errno.h>
#include <fcntl.h>
#include <host/file.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct host_file {
    int descriptor;
    int error;
    uint64_t written;  /* in the file */
    uint64_t buffered; /* in the buffer, behind it */
    uint64_t limit, reserve;
    uint8_t buffer[HOST_FILE_BUFFER];
};

int host_file_create(const char *path, uint64_t limit, struct host_file **out)
{
    struct host_file *file = malloc(sizeof *file);
    if (file == NULL)
        return -ENOMEM;
    file->error = 0;
    file->written = file->buffered = file->reserve = 0;
    file->limit = limit != 0 ? limit : UINT64_MAX;
    file->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->descriptor < 0) {
        int err = -errno;
        free(file);
        return err;
    }
    *out = file;
    return 0;
}

static int put(struct host_file *file, const uint8_t *data, uint64_t size)
{
    uint64_t done = 0;
    while (done < size) {
        ssize_t wrote =
            pwrite(file->descriptor, data + done, size - done, (off_t)(file->written + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -ENOSPC;
        done += (uint64_t)wrote;
    }
    file->written += size;
    return 0;
}

static int flush(struct host_file *file)
{
    int err = put(file, file->buffer, file->buffered);
    if (err == 0)
        file->buffered = 0;
    return err;
}

uint64_t host_file_size(const struct host_file *file)
{
    return file->written + file->buffered;
}

/* Claims disk space up to `end`; where the file system has no such call it is hope. */
static int claim(struct host_file *file, uint64_t end)
{
    if (end > file->limit)
        return -ENOSPC;
    if (fallocate(file->descriptor, FALLOC_FL_KEEP_SIZE, 0, (off_t)end) == 0)
        return 0;
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -ENOSPC : 0;
}

int host_file_write(struct host_file *file, const void *data, size_t size)
{
    if (file->error != 0)
        return file->error;
    uint64_t end = host_file_size(file) + size;
    int err = 0;
    if (end + file->reserve > file->limit)
        err = -ENOSPC;
    if (err == 0 && file->buffered + size > HOST_FILE_BUFFER) {
        /* Everything that leaves the buffer, and the reserve behind it, has its place first. */
        if (file->reserve != 0)
            err = claim(file, end + file->reserve);
        if (err == 0)
            err = flush(file);
        if (err == 0 && size > HOST_FILE_BUFFER)
            err = put(file, data, size);
    }
    if (err != 0) {
        file->error = err;
        return err;
    }
    if (end > host_file_size(file)) {
        memcpy(file->buffer + file->buffered, data, size);
        file->buffered += size;
    }
    return 0;
}

int host_file_reserve(struct host_file *file, uint64_t size)
{
    int err = claim(file, host_file_size(file) + size);
    if (err == 0)
        file->reserve = size;
    return err;
}

void host_file_release_reserve(struct host_file *file)
{
    file->reserve = 0;
    if (file->error == -ENOSPC)
        file->error = 0;
}

int host_file_error(const struct host_file *file)
{
    return file->error;
}

int host_file_truncate(struct host_file *file, uint64_t size)
{
    if (size > host_file_size(file))
        return -EINVAL;
    if (size >= file->written) {
        file->buffered = size - file->written;
        return 0;
    }
    file->buffered = 0;
    if (ftruncate(file->descriptor, (off_t)size) != 0)
        return -errno;
    file->written = size;
    return 0;
}

int host_file_close(struct host_file *file)
{
    int err = flush(file);
    if (err == 0 && ftruncate(file->descriptor, (off_t)file->written) != 0)
        err = -errno; /* gives the claimed space back */
    if (close(file->descriptor) != 0 && err == 0)
        err = -errno;
    if (file->error != 0)
        err = file->error;
    free(file);
    return err;
}
