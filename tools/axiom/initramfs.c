/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The "newc" format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */
#include "initramfs.h"
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (512u << 20)
#define MODE_FILE 0100644u

static void pad(FILE *to)
{
    while (ftell(to) % 4 != 0)
        fputc(0, to);
}

static void member(FILE *to, const char *name, unsigned mode, const uint8_t *data, size_t size)
{
    fprintf(to, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0u, mode, 0u, 0u, 1u,
            0u, (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)strlen(name) + 1, 0u);
    fwrite(name, 1, strlen(name) + 1, to);
    pad(to);
    fwrite(data, 1, size, to);
    pad(to);
}

int initramfs_add(FILE *to, const char *path, const char *name)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(path, FILE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    const char *slash = strrchr(path, '/');
    if (name == NULL)
        name = slash != NULL ? slash + 1 : path;
    member(to, name, MODE_FILE, bytes, size);
    free(bytes);
    return EXIT_OK;
}

bool initramfs_end(FILE *to)
{
    member(to, "TRAILER!!!", 0, (const uint8_t *)"", 0);
    return fflush(to) == 0 && ferror(to) == 0;
}
