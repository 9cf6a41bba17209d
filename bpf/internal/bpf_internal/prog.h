/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Making programs: for the verifier, and for axiom_bpf_unverified. Nobody else sees this header. */
#pragma once
#include <bpf/error.h>
#include <bpf/prog.h>
#include <bpf/verifier.h>

/* Copies instructions and debug info, takes references on the maps, decodes. Refuses only what cannot be decoded
 * (-EINVAL), and -ENOMEM. The verifier calls this last, after it accepted the program. */
int bpf_prog_create(const struct bpf_verify_request *request, const struct bpf_prog_bounds *bounds,
                    struct bpf_prog **out, struct bpf_error *error);
