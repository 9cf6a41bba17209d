/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Stands in until bpf/verifier/ is linked: nothing gets past it. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/verifier.h>

int bpf_verify(const struct bpf_verify_request *request, struct bpf_verify_result *result)
{
    (void)request;
    memset(result, 0, sizeof *result);
    result->reason = BPF_REJECT_NO_VERIFIER;
    string_copy(result->text, sizeof result->text, "this build has no verifier, so no program can be loaded");
    return -ENOSYS;
}
