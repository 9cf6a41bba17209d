/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as BTF: refused with a reason, or every type can be asked everything. The second half
 * of what was given is read as types that continue the first. */
#include "btf_c.h"
#include "cli.h"
#include <bpf/btf.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t in_use;

static void *fuzz_alloc(void *user, size_t size_bytes)
{
    (void)user;
    in_use += size_bytes;
    return calloc(1, size_bytes);
}

static void fuzz_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    in_use -= size_bytes;
    free(at);
}

static void forget_line(void *user, const char *line)
{
    *(size_t *)user += strlen(line);
}

/* As the command has it, without the noise. */
int complain(int code, const char *format, ...)
{
    (void)format;
    return code;
}

static void print_as_c(const struct bpf_btf *btf)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    btf_print_c(btf, "fuzz", to);
    fclose(to);
    free(text);
}

static void ask(const struct bpf_btf *btf)
{
    size_t printed = 0;
    uint32_t size;
    bpf_btf_print(btf, forget_line, &printed);
    print_as_c(btf);
    for (uint32_t id = 0; id <= bpf_btf_type_count(btf) && id < 5000; id++) {
        struct bpf_btf_type type;
        if (!bpf_btf_type_at(btf, id, &type))
            abort();
        uint32_t found = bpf_btf_find(btf, type.name, type.kind);
        if (type.name[0] != '\0' && (found == 0 || found > id))
            abort();
        bpf_btf_size(btf, id, &size);
        bpf_btf_resolve(btf, id, &type);
        bpf_btf_decl_tag(btf, id, BPF_BTF_WHOLE, "");
        bpf_btf_has_type_tag(btf, id, "kptr");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bpf_env env = { .alloc = fuzz_alloc, .free = fuzz_free };
    struct bpf_btf *btf, *split;
    struct bpf_error error = { 0 };
    if (bpf_btf_parse(&env, data, size, &btf, &error) != 0) {
        if (error.text[0] == '\0' || in_use != 0)
            abort();
        return 0;
    }
    ask(btf);
    if (bpf_btf_parse_split(&env, btf, data + size / 2, size - size / 2, &split, &error) == 0 ||
        bpf_btf_parse_split(&env, btf, data, size, &split, &error) == 0) {
        ask(split);
        bpf_btf_put(split);
    }
    bpf_btf_put(btf);
    if (in_use != 0)
        abort();
    return 0;
}
