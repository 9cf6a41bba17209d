/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a person would likely do next with a trace: decode buses that its line names betray, and bind
 * what moves to the simulated board, as a command that can be pasted. */
#pragma once
#include <traces/info.h>

void propose_run(const char *path, const struct trace_source *source, const struct trace_info *info,
                 const struct trace_options *words);
