/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What libfdt's headers want of string.h, for modules without libc. */
#pragma once
#include <axiom/string.h>
