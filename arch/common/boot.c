/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command line's words, and what the loader brought. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <libfdt.h>
#include <port/boot.h>
#include <port/console.h>
#include <port/cpio.h>

bool boot_line_has(const char *line, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = line; *at != '\0';) {
        const char *blank = strchr(at, ' ');
        size_t length = blank != NULL ? (size_t)(blank - at) : strlen(at);
        if (length == size && memcmp(at, word, size) == 0)
            return true;
        at += length + (blank != NULL);
    }
    return false;
}

void boot_modules_add(const char *name, const void *data, size_t size, struct boot_module *modules,
                      uint32_t *count)
{
    int err = 0;
    if (cpio_is(data, size))
        err = cpio_modules(data, size, modules, BOOT_MODULE_MAX, count);
    else if (*count == BOOT_MODULE_MAX)
        err = -E2BIG;
    else
        modules[(*count)++] = (struct boot_module){ name, data, size };
    if (err)
        console_print("boot: %s is %s; %u modules are used", name,
                      err == -E2BIG ? "one too many, or too long" : "a broken archive", *count);
}

const char *boot_board_name(const void *fdt)
{
    int size = 0;
    const char *name = fdt_getprop(fdt, 0, "model", &size);
    return name != NULL && size > 0 && name[size - 1] == '\0' ? name : "";
}
