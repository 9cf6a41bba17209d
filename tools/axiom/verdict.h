/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the verifier says of a program, for people and as JSON (docs/BPF.md describes its members). */
#pragma once
#include <bpf/elf.h>
#include <bpf/verifier.h>

struct json_t;

/* An acceptance to stdout; a refusal to stderr: reason, place, path, registers, what usually mends it. */
void verdict_print(const struct bpf_object *object, const struct bpf_object_program *program,
                   const struct bpf_verify_result *result);
/* The caller owns it; NULL: no memory. */
struct json_t *verdict_json(const char *path, const struct bpf_object *object,
                            const struct bpf_object_program *program,
                            const struct bpf_verify_result *result);
/* Of an object that has no programs to judge: it cannot be opened. */
struct json_t *verdict_json_of_file(const char *path, const char *message);
/* Whether a run's time is known: what Linux's programs call costs what it costs there. */
bool verdict_has_time(const struct bpf_object_program *program);
/* At most so long does one run take by the Pi's CPU model. */
uint64_t verdict_worst_ns(const struct bpf_prog_bounds *bounds);
/* One line of the verifier's log to stdout. */
void verdict_log_line(void *user, const char *line);
