/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t file_read_at(struct input *input, uint64_t offset, void *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(input->fd, (uint8_t *)to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

static int64_t pipe_read(struct input *input, void *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(input->fd, (uint8_t *)to + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
        input->position += (size_t)got;
    }
    return (int64_t)done;
}

static int64_t pipe_read_at(struct input *input, uint64_t offset, void *to, size_t size)
{
    uint8_t skipped[16384];
    while (input->position < offset) {
        uint64_t left = offset - input->position;
        int64_t got =
            pipe_read(input, skipped, left < sizeof skipped ? (size_t)left : sizeof skipped);
        if (got <= 0)
            return got;
    }
    if (input->position != offset)
        return -ESPIPE;
    return pipe_read(input, to, size);
}

static int64_t memory_read_at(struct input *input, uint64_t offset, void *to, size_t size)
{
    if (offset >= input->size)
        return 0;
    size_t take = size < input->size - offset ? size : (size_t)(input->size - offset);
    memcpy(to, input->memory + offset, take);
    return (int64_t)take;
}

int mcap_input_open(struct input *input, const char *path)
{
    *input = (struct input){ .fd = -1 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
        int err = S_ISDIR(status.st_mode) ? -EISDIR : -errno;
        close(fd);
        return err;
    }
    bool regular = S_ISREG(status.st_mode);
    *input = (struct input){
        .read_at = regular ? file_read_at : pipe_read_at,
        .size = regular ? (uint64_t)status.st_size : INPUT_SIZE_UNKNOWN,
        .fd = fd,
    };
    return 0;
}

void mcap_input_open_memory(struct input *input, const void *data, size_t size)
{
    *input = (struct input){ .read_at = memory_read_at, .size = size, .fd = -1, .memory = data };
}

void mcap_input_close(struct input *input)
{
    if (input->fd >= 0)
        close(input->fd);
}
