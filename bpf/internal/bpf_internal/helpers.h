/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bodies of helpers that have a file of their own. */
#pragma once
#include <bpf/helper.h>

bpf_helper_body bpf_helper_trace_printk;
