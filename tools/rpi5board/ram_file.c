/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ram_file.h"

#include <cli.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void take_line(struct ram_file *file)
{
    uint64_t size, at;
    file->line[file->length] = '\0';
    if (sscanf(file->line, "board: recorded %" SCNu64 " bytes at 0x%" SCNx64, &size, &at) == 2) {
        file->size = size;
        file->at = at;
    }
    file->length = 0;
}

void ram_file_console(struct ram_file *file, const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            take_line(file);
        else if (bytes[i] != '\r' && file->length < sizeof file->line - 1)
            file->line[file->length++] = (char)bytes[i];
    }
}

int ram_file_fetch(const struct ram_file *file, const uint8_t *ram, uint64_t ram_size)
{
    if (file->size == 0)
        return complain(EXIT_INPUT, "the kernel has recorded nothing (does it end before the board "
                                    "is switched off? --stop-after)");
    if (file->at > ram_size || file->size > ram_size - file->at)
        return complain(EXIT_INPUT, "the kernel says that its recording is outside of RAM");
    FILE *to = fopen(file->path, "wb");
    bool good = to != NULL && fwrite(ram + file->at, 1, file->size, to) == file->size;
    if (to != NULL)
        good = fclose(to) == 0 && good;
    return good ? EXIT_OK : complain(EXIT_IO, "%s: %s", file->path, strerror(errno));
}
