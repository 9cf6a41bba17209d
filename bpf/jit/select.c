/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lower.h"

int lower_select(struct lower *f)
{
    (void)f;
    return 0;
}
