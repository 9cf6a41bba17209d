/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hosts without a vector method of ours: crc32_update() goes on by table. */
#include <axiom_host/crc32_vector.h>

bool crc32_use_vector(void)
{
    return false;
}
