/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf init, build, info, btf. */
#pragma once

int bpf_project_init(int argc, char **argv);
int bpf_project_build(int argc, char **argv, const char *output);
int bpf_info(int argc, char **argv, const char *keyring_path);
int bpf_print_types(int argc, char **argv);
int bpf_print_kernel_types(void);
