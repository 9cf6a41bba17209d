/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <axiom/types.h>

/* The command line says that a test bench listens: it is told by semihosting how the image ends. */
void power_init(bool has_debug_exit);
