/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording, or any trace, as Chrome's trace event JSON, which ui.perfetto.dev and chrome://tracing
 * open ("Trace Event Format", Google 2016).
 *
 * Of a recording: who ran on each CPU, and when each thread did; interrupts as the kernel took them (edges
 * of lines, timers with their lateness); each BPF program's runs with return value and instructions; bus
 * transactions; faults, stops and the log as instants; lines, PWM and sensors as counters. Of another
 * trace: lines and numbers as counters, transactions as slices. Time in us with three decimals, exact. */
#pragma once
#include <traces/source.h>

/* An exit code; what was wrong has been said. */
int export_perfetto(const char *from, const char *to, const struct trace_options *words);
