/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The gantry's wiring to the Pi's header and its limits, as its three programs see them. */
#pragma once

#define LINE_STEP_X   17
#define LINE_DIR_X    27
#define LINE_STEP_Y   5
#define LINE_DIR_Y    6
#define LINE_LIMIT_X  20
#define LINE_LIMIT_Y  21
#define LINE_ENABLE_X 22 /* motor drivers run while it is high; under the interlock */
#define LINE_ENABLE_Y 23

#define STEPS_PER_MM  80
#ifndef SOFT_LIMIT_MM
#define SOFT_LIMIT_MM 25 /* of X, on both sides */
#endif

#ifndef DIR_POSITIVE
#define DIR_POSITIVE 1 /* level of a direction line when the axis moves up */
#endif

/* bank 0 of the RP1 holds lines 0 to 27, so a line is its own bit in bank_level. */
#define LINE_LEVEL(ctx, line) ((ctx)->bank_level >> (line) & 1)
