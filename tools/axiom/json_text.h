/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Text of recordings, which is hostile, inside of JSON strings. */
#pragma once
#include <axiom/types.h>
#include <stdio.h>

/* With its quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_text(FILE *to, const char *text);
