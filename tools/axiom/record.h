/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The recording that a session writes: the file, the recorder in front of it, and what the file says
 * about the run (metadata, attachments). recording.h reads such files. */
#pragma once
#include "session.h"

#include <traces/host/file_writer.h>
#include <traces/recorder.h>

struct record {
    struct mcap_file_writer *file; /* NULL: nothing is recorded */
    struct trace_recorder recorder;
    struct trace_recorder_slot *slots;
};

/* Begins the file at s->record_path, or in memory, and describes the run in it. An exit code. */
int record_begin(struct record *record, struct session *s);

/* Ends the file: `reason` is "complete" or why the run ended early. Fills s->record_size,
 * record_error and record_reason. A message that was begun and not ended is left out. */
void record_end(struct record *record, struct session *s, const char *reason);
