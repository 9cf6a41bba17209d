/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers as people read them, and ticks at round numbers. */
#pragma once
#include <axiom/types.h>

/* "12.5 ms", "3.2 µs", "41.25 s": four digits at most. */
void format_duration(char *to, size_t size, uint64_t ns);
/* "1.5 kHz". */
void format_hertz(char *to, size_t size, double hz);
/* "-9.807 m/s²", out of nano. */
void format_nano(char *to, size_t size, int64_t nano, const char *unit);
/* A moment to the digit that a step needs: "28.4071 s" for a step of 100 µs; from a minute on "1:02.5". */
void format_time(char *to, size_t size, uint64_t time_ns, uint64_t step_ns);
/* Whole numbers with commas. */
void format_count(char *to, size_t size, uint64_t count);

/* The distance of ticks, 1, 2 or 5 times a power of ten ns (of a minute's parts above 10 s), at least `least_ns`. */
uint64_t tick_step(uint64_t least_ns);
/* The same for values: 1, 2, 5 x 10^n, at least `least` (above 0). */
double value_step(double least);
