/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an MCAP file holds beyond its inputs: channels, metadata, attachments. */
#pragma once
#include <axiom/types.h>

/* Whether the file is a recording of a run: an MCAP with metadata "axiom". Says nothing of anything else. */
bool is_recording(const char *path);

/* Prints it, whole or cut; an exit code. */
int recording_info(const char *path, bool as_json);
