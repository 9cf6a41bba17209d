/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types out of files: the section .BTF of an ELF file of any machine, or types by themselves (/sys/kernel/btf/vmlinux). */
#pragma once
#include <bpf/btf.h>

/* `base`: the types whose ids and strings these go on from (a module's do from vmlinux's), or NULL. Both complain and
 * give an exit code; bpf_btf_put() by the caller. */
int btf_of_file(const char *path, struct bpf_btf *base, struct bpf_btf **out);
/* `offset`: where the bytes stand in the file of that name. */
int btf_of_bytes(const char *name, const uint8_t *bytes, size_t size, uint64_t offset,
                 struct bpf_btf *base, struct bpf_btf **out);
