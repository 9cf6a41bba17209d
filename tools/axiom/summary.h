/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What happened in a run, counted while it goes on: a sink. Memory is a table of fixed size. */
#pragma once
#include <axiom/event.h>
#include <stdio.h>

#define SUMMARY_PROGRAM_MAX 64
#define SUMMARY_TEXT_MAX    8

struct summary_program {
    char program[EVENT_NAME_MAX];
    char attach_point[EVENT_NAME_MAX];
    uint64_t runs, insn_total, insn_max, errors;
};

struct summary_actuator {
    bool used, is_pwm;
    uint8_t chip, number;
    uint64_t changes;
    char last[80];
};

struct summary {
    struct event_sink sink;
    uint64_t count[EVENT_KIND_COUNT];
    uint64_t edges_in; /* pins changed from outside */
    struct summary_program program[SUMMARY_PROGRAM_MAX];
    uint32_t program_count;
    uint64_t program_lost; /* runs of programs that found no place */
    struct summary_actuator actuator[32];
    uint64_t samples, samples_dropped;
    uint64_t interlock_stops, interlock_refusals;
    uint64_t first_stop_ns;
    char first_stop_origin[EVENT_NAME_MAX];
    struct {
        uint64_t time_ns;
        char text[200];
    } print[SUMMARY_TEXT_MAX], trouble[SUMMARY_TEXT_MAX];
    uint64_t print_count, trouble_count; /* trouble: warnings and errors of the log */
};

void summary_init(struct summary *summary);
void summary_print(const struct summary *summary, FILE *to);
struct json_t *summary_json(const struct summary *summary);
