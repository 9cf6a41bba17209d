/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "storm.h"

bool storm_begin(void)
{
    return false;
}

uint64_t storm_count(void)
{
    return 0;
}

void storm_end(void)
{
}
