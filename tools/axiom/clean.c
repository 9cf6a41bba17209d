/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "clean.h"

#include <axiom/types.h>

#include <stdio.h>
#include <string.h>

/* How many bytes of UTF-8 stand at `at`; 0: none, or a control character. */
static size_t printable_at(const char *at)
{
    const uint8_t *c = (const uint8_t *)at;
    if (c[0] < 0x80)
        return (c[0] >= 0x20 && c[0] != 0x7f) || c[0] == '\n' || c[0] == '\t';
    size_t more = c[0] >= 0xf0 ? 3 : c[0] >= 0xe0 ? 2 : 1;
    if (c[0] < 0xc2 || c[0] > 0xf4)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    /* Too long, surrogates, beyond Unicode; the second row of controls. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f) ||
        (c[0] == 0xc2 && c[1] < 0xa0))
        return 0;
    return more + 1;
}

const char *clean(struct clean *to, const char *from)
{
    size_t length = 0;
    while (*from != '\0' && length + 5 < sizeof to->text) {
        size_t good = printable_at(from);
        if (good == 0)
            length += (size_t)snprintf(to->text + length, 5, "\\x%02x", (uint8_t)*from);
        else
            memcpy(to->text + length, from, good);
        length += good;
        from += good == 0 ? 1 : good;
    }
    to->text[length] = '\0';
    return to->text;
}
