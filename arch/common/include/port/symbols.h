/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names of the image's own functions, from a table that the second pass of the link puts in
 * (cmake/axiom_image.cmake). Any context, no lock. */
#pragma once
#include <axiom/types.h>

/* The function that contains `address`, and how far into it; NULL: none of the image's. */
const char *symbol_find(uint64_t address, uint64_t *offset);

/* True if the address is in the image's code, or in code made at run time. */
bool text_contains(uint64_t address);
