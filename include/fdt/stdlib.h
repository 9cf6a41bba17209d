/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What libfdt's headers want of stdlib.h: the types only. */
#pragma once
#include <stddef.h>
