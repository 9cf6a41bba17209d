/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <axiom/types.h>

/* A test bench listens: port_exit() tells it. */
void power_init(bool bench);
