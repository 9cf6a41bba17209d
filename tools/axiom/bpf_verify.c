/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf verify: would the kernel take these programs, and if not, why? With --linux: would Linux? */
#include "bpf_verb.h"
#include "cli.h"
#include "desk.h"
#include "desk_linux.h"
#include "verdict.h"

#include <bpf_glue/bpf_glue.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int bpf_desk_begin(const struct bpf_options *options)
{
    desk_ignore_budget(options->ignore_budget);
    return options->of_linux ? desk_linux_begin(options->btf, options->kconfig) : EXIT_OK;
}

void bpf_desk_end(const struct bpf_options *options)
{
    if (options->of_linux)
        desk_linux_end();
}

int bpf_open_file(const char *path, const struct bpf_options *options, struct bpf_object **out)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(path, OBJECT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    code = options->of_linux ? desk_linux_open(path, bytes, size, out)
                             : desk_open(path, bytes, size, out);
    free(bytes);
    return code;
}

int bpf_verify_one(const struct bpf_object *object, uint32_t index,
                   const struct bpf_options *options, struct bpf_verify_result *result)
{
    struct bpf_verify_request request;
    if (bpf_object_program(object, index)->failure != NULL)
        return bpf_object_verify(object, index, result);
    bpf_object_request(object, index, &request);
    request.check_only = options->of_linux;
    request.insn_limit = options->insn_limit;
    request.memory_limit = options->memory_limit;
    request.log_level = options->log_level;
    request.log = verdict_log_line;
    if (options->log_level != BPF_VERIFY_LOG_NONE) {
        char name[160];
        snprintf(name, sizeof name, "%s:", request.name);
        verdict_log_line(NULL, name);
    }
    return bpf_object_verify_request(object, index, &request, result);
}

/* Where it attaches to is looked at before what it does. */
static bool has_attach_point(const struct bpf_object_program *program,
                             const struct bpf_options *options, struct bpf_verify_result *result)
{
    if (program->context != NULL &&
        (options->of_linux || bpf_glue_check_section(program->section, program->context,
                                                     result->text, sizeof result->text) == 0))
        return true;
    result->reason = BPF_REJECT_UNSUPPORTED;
    if (program->context != NULL)
        return false;
    snprintf(result->text, sizeof result->text, "section '%s' names no attach point",
             program->section);
    snprintf(result->mend, sizeof result->mend, "%s",
             options->of_linux ? "without --linux it may be one of Axiom's"
                               : "SEC(\"gpio/chip0/line17/rising\"), for instance; programs for "
                                 "Linux: --linux");
    return false;
}

static int verify_program(const char *path, const struct bpf_object *object, uint32_t index,
                          const struct bpf_options *options, json_t *list)
{
    const struct bpf_object_program *program = bpf_object_program(object, index);
    struct bpf_verify_result *result = calloc(1, sizeof *result);
    if (result == NULL)
        return complain(EXIT_IO, "no memory");
    bool accepted = has_attach_point(program, options, result) &&
                    bpf_verify_one(object, index, options, result) == 0;
    if (list != NULL)
        json_array_append_new(list, verdict_json(path, object, program, result));
    else
        verdict_print(object, program, result);
    if (result->prog != NULL)
        bpf_prog_destroy(result->prog);
    free(result);
    return accepted ? EXIT_OK : EXIT_REFUSED;
}

static int verify_file(const char *path, const struct bpf_options *options, json_t *list)
{
    struct bpf_object *object = NULL;
    int code = bpf_open_file(path, options, &object);
    if (code == EXIT_OK && bpf_object_program_count(object) == 0)
        code = complain(EXIT_INPUT,
                        "%s: no program in it: a function needs SEC(\"gpio/...\") or alike", path);
    uint32_t first = 0, end = object == NULL ? 0 : bpf_object_program_count(object);
    if (code == EXIT_OK && options->program != NULL) {
        code = bpf_find_program(object, path, options->program, &first);
        end = code == EXIT_OK ? first + 1 : first;
    }
    if (code != EXIT_OK && list != NULL)
        json_array_append_new(list, verdict_json_of_file(path, last_complaint()));
    for (uint32_t i = first; i < end; i++) {
        int now = verify_program(path, object, i, options, list);
        code = now != EXIT_OK ? now : code;
    }
    bpf_object_close(object);
    return code;
}

int bpf_verify_verb(int argc, char **argv, const struct bpf_options *options)
{
    if (options->as_json && options->log_level != BPF_VERIFY_LOG_NONE)
        return complain_usage("bpf", "--log and --json do not go together");
    json_t *list = options->as_json ? json_array() : NULL;
    int worst = EXIT_OK;
    for (int i = 0; i < argc; i++) {
        int code = verify_file(argv[i], options, list);
        worst = code != EXIT_OK ? code : worst;
    }
    if (list != NULL) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(list);
    }
    return worst;
}
