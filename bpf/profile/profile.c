/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf/profile.h>

const char bpf_profile_name[] = BPF_PROFILE_NAME;
