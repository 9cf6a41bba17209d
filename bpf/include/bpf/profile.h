/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Profiles: what an image gives its BPF programs. The one place of these figures; which sources an
 * image links is in bpf/profiles.cmake.
 *
 *                      embedded     cloud        neither (the command, tests, sim)
 * library              axiom_bpf_embedded, axiom_bpf_cloud, axiom_bpf
 * instructions         100,000      1,000,000    1,000,000
 * stack of a run       8 KiB        512 KiB      4 KiB
 * memory               64 KiB static pool (bpf/static_pool.h) | the image's heap
 * JITs                 none linked  its CPU's    all
 *
 * The stack is that of Axiom's kinds of program: a chain of calls may use all of it, one frame an
 * eighth. Linux's kinds keep Linux's 512 bytes. */
#pragma once

#define BPF_PROFILE_POOL_SIZE 65536u /* embedded */

#if defined(AXIOM_PROFILE_EMBEDDED)
#define BPF_PROFILE_NAME       "embedded"
#define BPF_PROFILE_INSN_MAX   100000u
#define BPF_PROFILE_STACK_SIZE 8192u
#elif defined(AXIOM_PROFILE_CLOUD)
#define BPF_PROFILE_NAME       "cloud"
#define BPF_PROFILE_INSN_MAX   1000000u
#define BPF_PROFILE_STACK_SIZE 524288u
#else
#define BPF_PROFILE_NAME       "desk"
#define BPF_PROFILE_INSN_MAX   1000000u
#define BPF_PROFILE_STACK_SIZE 4096u
#endif
#define BPF_PROFILE_FRAME_SIZE (BPF_PROFILE_STACK_SIZE / 8u)

/* What the library was built as: "embedded", "cloud" or "desk". */
extern const char bpf_profile_name[];
