/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf init, build, info, btf. */
#pragma once
#include <stdbool.h>

int bpf_project_init(int argc, char **argv);
int bpf_project_build(int argc, char **argv, const char *output);
/* The types that this command has in it become the desk's (desk.h). */
void bpf_use_kernel_types(void);
int bpf_info(int argc, char **argv, const char *keyring_path);
/* Record by record, or as a C header. */
int bpf_print_types(int argc, char **argv, bool as_c);
int bpf_print_kernel_types(bool as_c);
