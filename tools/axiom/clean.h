/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Text out of a file that anybody may have made, for a terminal or JSON: what is no printable UTF-8 is shown as
 * \xNN, so that no name moves the cursor. */
#pragma once

#define CLEAN_MAX 1400

struct clean {
    char text[CLEAN_MAX];
};

/* `from` cleaned into `to`, cut at its size; gives to->text. */
const char *clean(struct clean *to, const char *from);
