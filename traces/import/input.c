/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Windowed reading: see input.h. A window is refilled from the wanted offset on, so sequential
 * readers read each byte little more than once. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int input_open_file(struct trace_input *input, const char *path)
{
    /* O_NONBLOCK: opening a FIFO that nobody writes must not hang; it means nothing for regular
     * files. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -ESPIPE;
    }
    *input = (struct trace_input){ .fd = fd, .size = (uint64_t)status.st_size };
    input->name = strdup(path);
    input->window = malloc(INPUT_WINDOW);
    if (input->name == NULL || input->window == NULL) {
        input_close(input);
        return -ENOMEM;
    }
    return 0;
}

int input_open_memory(struct trace_input *input, const void *bytes, size_t size, const char *name)
{
    *input = (struct trace_input){ .fd = -1, .memory = bytes, .size = size, .name = strdup(name) };
    return input->name == NULL ? -ENOMEM : 0;
}

void input_close(struct trace_input *input)
{
    if (input->fd >= 0)
        close(input->fd);
    free(input->name);
    free(input->window);
    *input = (struct trace_input){ .fd = -1 };
}

static bool refill(struct trace_input *input, uint64_t offset)
{
    input->window_start = offset;
    input->window_size = 0;
    uint64_t left = input->size - offset;
    size_t goal = left < INPUT_WINDOW ? (size_t)left : INPUT_WINDOW;
    while (input->window_size < goal) {
        ssize_t got = pread(input->fd, input->window + input->window_size,
                            goal - input->window_size, (off_t)(offset + input->window_size));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break; /* the file became shorter: the reader meets an early end */
        input->window_size += (size_t)got;
    }
    return true;
}

const uint8_t *input_at(struct trace_input *input, uint64_t offset, size_t want, size_t *available)
{
    if (offset > input->size)
        offset = input->size;
    if (input->fd < 0) {
        *available = (size_t)(input->size - offset);
        return input->memory + offset;
    }
    uint64_t left = input->size - offset;
    size_t need = left < want ? (size_t)left : want;
    uint64_t end = input->window_start + input->window_size;
    if (offset < input->window_start || offset + need > end) {
        if (!refill(input, offset))
            return NULL;
        end = input->window_start + input->window_size;
    }
    *available = (size_t)(end - offset);
    return input->window + (offset - input->window_start);
}
