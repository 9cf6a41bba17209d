/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording made for tests: every kind of event, always the same, `steps` times 1 ms. */
#pragma once
#include <traces/host/file_writer.h>

/* Names and texts have control characters in them. NULL: no memory. mcap_memory_bytes() has the file. */
struct mcap_file_writer *made_recording(uint32_t steps);
