/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A member is a header of 110 characters, a name with its zero, data; name and data are padded to
 * multiples of 4 from the archive's start. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/cpio.h>

#define HEADER_SIZE 110u
#define MODE_TYPE   0170000u
#define MODE_FILE   0100000u

enum field {
    FIELD_MODE = 1,
    FIELD_SIZE = 6,
    FIELD_NAME_SIZE = 11,
};

bool cpio_is(const void *archive, size_t size)
{
    return size >= HEADER_SIZE && memcmp(archive, "070701", 6) == 0;
}

/* Eight hexadecimal digits. */
static int number(const char *header, enum field which, uint32_t *out)
{
    const char *digits = header + 6 + 8 * (uint32_t)which;
    uint32_t value = 0;
    for (uint32_t i = 0; i < 8; i++) {
        char c = digits[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return -EINVAL;
        value = value << 4 | digit;
    }
    *out = value;
    return 0;
}

static size_t padded(size_t at)
{
    return (at + 3) & ~(size_t)3;
}

static const char *plain_name(const char *name)
{
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name += name[0] == '/' ? 1 : 2;
    return name;
}

int cpio_modules(const void *archive, size_t size, struct boot_module *modules, uint32_t limit,
                 uint32_t *count)
{
    const char *bytes = archive;
    size_t at = 0;
    for (;;) {
        if (at > size || !cpio_is(bytes + at, size - at))
            return -EINVAL;
        uint32_t mode, data_size, name_size;
        if (number(bytes + at, FIELD_MODE, &mode) || number(bytes + at, FIELD_SIZE, &data_size) ||
            number(bytes + at, FIELD_NAME_SIZE, &name_size))
            return -EINVAL;
        const char *name = bytes + at + HEADER_SIZE;
        if (name_size == 0 || name_size > size - at - HEADER_SIZE || name[name_size - 1] != '\0')
            return -EINVAL;
        if (strcmp(name, "TRAILER!!!") == 0)
            return 0;
        size_t data = padded(at + HEADER_SIZE + name_size);
        if (data > size || data_size > size - data)
            return -EINVAL;
        if ((mode & MODE_TYPE) == MODE_FILE) {
            if (*count == limit)
                return -E2BIG;
            modules[(*count)++] = (struct boot_module){ plain_name(name), bytes + data, data_size };
        }
        at = padded(data + data_size);
    }
}
