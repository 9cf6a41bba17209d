/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image adds nothing. Alone in its file, so that the linker takes it only where nobody else has
 * these functions. */
#include <core/addon.h>

int addon_init(void)
{
    return 0;
}

void addon_exit(void)
{
}
