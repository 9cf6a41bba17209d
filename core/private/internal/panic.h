/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <axiom/types.h>

/* The last lines of the log, one write each, without taking a lock: for panic(). */
void log_last_words(uint32_t lines, void (*write)(const char *text, size_t size));
