/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Vector registers by assembler, because the kernel is compiled without: fpu_ARCH.c. */
#pragma once
#include <axiom/types.h>

/* Puts numbers made of `seed` into the vector registers; true if they are there. */
void fpu_load(uint64_t seed);
bool fpu_holds(uint64_t seed);
