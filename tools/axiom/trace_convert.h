/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Traces from one format into another. Each gives an exit code after complaining. */
#pragma once
#include "bind.h"

#include <traces/source.h>

/* Any trace to MCAP: bound channels become the events of their pin or sensor, with role input; the
 * others keep their names under /trace/ as std_msgs Bool and Float64. */
int convert_import(const char *from, const char *to, const struct trace_options *words,
                   const struct binding_list *bindings);

/* A recording of ours or any trace to VCD or CSV, by the suffix of `to`. */
int convert_export(const char *from, const char *to, const struct trace_options *words);
