/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ktest.h"

const struct ktest ktest_bpf[] = { { NULL, NULL, 0 } };
