/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "desk.h"

#include "cli.h"
#include "verdict.h"

#include <axiom/errno.h>
#include <bpf/btf.h>
#include <bpf/disasm.h>
#include <bpf/helper.h>
#include <bpf_host/exec_memory.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *host_alloc(void *user, size_t size)
{
    (void)user;
    return calloc(1, size);
}

static void host_free(void *user, void *at, size_t size)
{
    (void)user;
    (void)size;
    free(at);
}

static uint64_t zero_clock(void *user)
{
    (void)user;
    return 0;
}

static uint32_t cpu_zero(void *user)
{
    (void)user;
    return 0;
}

static void print_trace(void *user, const char *text)
{
    (void)user;
    printf("  trace_printk: %s\n", text);
}

/* No pins at a desk: actuator and pin helpers answer -EOPNOTSUPP. */
static const struct bpf_platform_ops desk_ops = {
    .clock_ns = zero_clock,
    .cpu_index = cpu_zero,
    .trace_print = print_trace,
};

const struct bpf_env *desk_env(void)
{
    static struct bpf_env env;
    env = (struct bpf_env){
        .alloc = host_alloc,
        .free = host_free,
        .platform = &desk_ops,
        .exec = &bpf_host_exec,
        .helpers = bpf_helpers,
        .helper_count = bpf_helper_count,
    };
    return &env;
}

static const uint8_t *kernel_types;
static size_t kernel_types_size;

void desk_set_kernel_types(const uint8_t *bytes, size_t size)
{
    kernel_types = bytes;
    kernel_types_size = bytes == NULL ? 0 : size;
}

const uint8_t *desk_kernel_types(size_t *size)
{
    *size = kernel_types_size;
    return kernel_types_size == 0 ? NULL : kernel_types;
}

static bool ignore_budget;

void desk_ignore_budget(bool ignore)
{
    ignore_budget = ignore;
}

int desk_open_with(const struct bpf_env *env, const struct bpf_object_options *options,
                   const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    int err = bpf_object_open_with(env, bytes, size, options, out, &error);
    if (err == 0) {
        err = bpf_object_create_maps(*out, &error);
        if (err) {
            bpf_object_close(*out);
            *out = NULL;
        }
    }
    if (err == 0)
        return EXIT_OK;
    if (error.offset != BPF_ERROR_NO_OFFSET)
        return complain(EXIT_INPUT, "%s: offset %" PRIu64 ": %s", name, error.offset, error.text);
    return complain(EXIT_INPUT, "%s: %s", name, error.text);
}

int desk_open(const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    struct bpf_object_options options = { .ignore_budget = ignore_budget };
    if (kernel_types_size != 0 && bpf_btf_parse(desk_env(), kernel_types, kernel_types_size,
                                                &options.kernel_btf, &error) != 0)
        return complain(EXIT_INPUT, "the kernel's types: offset %" PRIu64 ": %s", error.offset,
                        error.text);
    int code = desk_open_with(desk_env(), &options, name, bytes, size, out);
    bpf_btf_put(options.kernel_btf);
    return code;
}

void desk_disasm_names(const struct bpf_object *object, const struct bpf_object_program *program,
                       struct bpf_disasm_names *out)
{
    struct bpf_verify_request request;
    bpf_object_request(object, 0, &request); /* what all its programs share */
    *out = (struct bpf_disasm_names){
        .env = request.env,
        .kernel_btf = request.kernel_btf,
        .maps = request.maps,
        .map_count = request.map_count,
        .debug = &program->debug,
    };
}

static int verify_program(const char *name, const struct bpf_object *object, uint32_t index)
{
    const struct bpf_object_program *program = bpf_object_program(object, index);
    if (program->context == NULL)
        return complain(EXIT_REFUSED, "%s: %s: section '%s' names no attach point", name,
                        program->name, program->section);
    struct bpf_verify_result *result = calloc(1, sizeof *result);
    if (result == NULL)
        return complain(EXIT_IO, "no memory");
    int code = EXIT_OK;
    if (bpf_object_verify(object, index, result) != 0) {
        code = complain(EXIT_REFUSED, "%s: the verifier refuses it:", name);
        verdict_print(object, program, result);
    } else {
        bpf_prog_destroy(result->prog);
    }
    free(result);
    return code;
}

int desk_verify(const char *name, const uint8_t *bytes, size_t size)
{
    struct bpf_object *object;
    int code = desk_open(name, bytes, size, &object);
    if (code != EXIT_OK)
        return code;
    uint32_t count = bpf_object_program_count(object);
    if (count == 0)
        code = complain(EXIT_INPUT,
                        "%s: no program in it: a function needs SEC(\"gpio/...\") or alike", name);
    for (uint32_t i = 0; i < count && code == EXIT_OK; i++)
        code = verify_program(name, object, i);
    bpf_object_close(object);
    return code;
}
