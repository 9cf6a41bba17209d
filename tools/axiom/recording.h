/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording of ours as events in the order in which they happened, from an MCAP file. */
#pragma once
#include <axiom/event.h>
#include <traces/channels.h>
#include <traces/host/reader.h>

struct recording_reader {
    struct mcap_reader *reader;
    struct mcap_item item;
    struct mcap_error error;
    uint64_t skipped; /* messages of channels that are not ours */
};

/* damaged: read on where a CRC is wrong. The error was complained of; an exit code. */
int recording_open(struct recording_reader *r, const char *path, bool damaged);
/* What is whole of a file that was cut; what is missing is no error (mcap_reader_loss()). */
int recording_open_whole_parts(struct recording_reader *r, const char *path);
void recording_close(struct recording_reader *r);

/* 1: *event and *channel are the next; 0: the end; negative: r->error. Derived messages are left
 * out. What they point to lives until the next call. */
int recording_next(struct recording_reader *r, struct event *event,
                   const struct event_channel **channel);

/* The topic of an event, as the recorder would name it (an IIO scan's without /raw). */
void event_topic(const struct event *event, char *topic, size_t size);
