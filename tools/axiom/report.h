/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a report of a run says, gathered in one pass over its recording (report_collect.c) and written as
 * one HTML page without network, scripts or anything of the host (report_html.c): equal recordings, equal
 * bytes. Memory does not depend on the recording's length: a lane has a fixed number of columns. */
#pragma once
#include "expect.h"
#include "recording.h"

#include <stdio.h>

#define REPORT_COLUMNS  900u
#define REPORT_LANES    64u
#define REPORT_PROGRAMS 64u
#define REPORT_NOTES    40u
#define REPORT_LINE     400u

/* One plotted quantity: in each column the extremes, and the value at its end. */
struct report_lane {
    char name[EVENT_TOPIC_MAX + EVENT_NAME_MAX];
    const char *unit;
    bool is_level, any;
    bool holds; /* the value holds until the next (a level, a duty); else it is a sample */
    uint64_t changes;
    int64_t least, greatest, last;               /* nano of the unit */
    uint64_t last_ns, longest_ns, longest_at_ns; /* between two values; when that ended */
    int64_t low[REPORT_COLUMNS], high[REPORT_COLUMNS], end[REPORT_COLUMNS];
    bool set[REPORT_COLUMNS];
};

struct report_program {
    char name[EVENT_NAME_MAX], attach_point[EVENT_NAME_MAX];
    uint64_t runs, insn_total, insn_max, insn_max_ns; /* ..._ns: when that was */
    uint64_t duration_max, duration_max_ns, errors;
    uint64_t late_max, late_max_ns; /* behind the edge, sample or timer that it ran for */
    uint32_t column[REPORT_COLUMNS];
};

struct report {
    const char *path;
    uint64_t end_ns;
    bool complete;
    uint64_t events, count[EVENT_KIND_COUNT];
    struct report_lane lane[REPORT_LANES];
    uint32_t lane_count, lanes_left_out;
    struct report_program program[REPORT_PROGRAMS];
    uint32_t program_count, programs_left_out;
    uint64_t i2c_errors, timer_late_max, timer_late_max_ns, last_hash;
    /* Stops, refusals, faults, warnings and errors of the log, in order. */
    struct {
        uint64_t time_ns;
        char text[REPORT_LINE];
    } note[REPORT_NOTES];
    uint64_t notes;
    /* Against another recording. */
    const char *other;
    bool differs;
    uint64_t compared, differs_ns;
    char ours[REPORT_LINE], theirs[REPORT_LINE];
    struct expect *expect; /* finished; NULL: none */
    uint32_t failed;
};

/* Reads the recording; end_ns is known. An exit code, after complaining. */
int report_collect(struct report *report);
/* Finds the first output in which the two differ. */
int report_compare(struct report *report);

struct mcap_reader;
void report_write(const struct report *report, struct mcap_reader *reader, FILE *to);
