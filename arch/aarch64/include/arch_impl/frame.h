/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/backtrace.c: where {caller's x29, return address} lie (AAPCS64, 6.4.6). */
#pragma once

#define FRAME_RECORD(fp) (fp)
