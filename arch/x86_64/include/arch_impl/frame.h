/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/backtrace.c: where {caller's rbp, return address} lie (System V ABI, AMD64, 3.2.2).
 */
#pragma once

#define FRAME_RECORD(fp) (fp)
