/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Decimal fixed point, and its exact way into IEEE 754 without a floating point unit.
 *
 * Physical quantities travel through models, drivers and records as int64 counts of 1e-9 SI units ("nano"): a kernel has
 * no floating point state to spare, and integers are the same on every port. Records in ROS messages want float64;
 * double_bits_from_nano() gives the bits of the double nearest to nano * 1e-9 (ties to even), in integers only. */
#pragma once
#include <axiom/types.h>

#define NANO 1000000000

uint64_t double_bits_from_nano(int64_t nano);
uint32_t float_bits_from_nano(int64_t nano);

/* The nearest nano value (ties away from zero) of the double with these bits; saturates, and is 0 for NaN. */
int64_t nano_from_double_bits(uint64_t bits);
