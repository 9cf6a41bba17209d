/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* position.bpf.c for a machine whose X may go to 150 mm, with direction lines that are low when an axis moves up: the one
 * of the smoothieware recording. */
#define SOFT_LIMIT_MM 150
#define DIR_POSITIVE  0
#include "position.bpf.c"
