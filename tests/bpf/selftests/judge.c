/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Judges the verifier by the Linux kernel's own tests of its verifier.
 *
 *     judge [--list FILE] [--least PERCENT] [--linux PEER] OBJECT...
 *
 * An object's BTF says of each program what Linux 6.12 makes of it (declaration tags that
 * selftests' bpf_misc.h writes): accepted or refused for a privileged user, and what it returns when
 * BPF_PROG_TEST_RUN runs it. Each is verified here under the same rules; what is accepted and has a
 * value to return is run by the interpreter in a context like that of the test run. One line per
 * object, then every disagreement. Programs that Linux refuses and this verifier accepts are listed
 * apart, and there must be none.
 *
 * With --linux the running kernel, which is not 6.12, judges the same programs, by way of PEER (bpf_object_peer):
 * what it says otherwise than this verifier, or returns otherwise than the test wants, is listed. Programs of objects
 * that say nothing of them (the older tests') are judged by it alone. */
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf/interp.h>
#include <bpf/verifier.h>
#include <bpf_internal/elf_file.h>
#include <bpf_linux/contexts.h>

#include "../debian/peer.h"
#include "judge.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define LINE_MAX_LENGTH 1024

struct totals {
    unsigned judged, agreed;
    unsigned unsafe;     /* accepted though Linux refuses */
    unsigned refused;    /* though Linux accepts */
    unsigned run, right; /* values returned */
    unsigned not_run;
    unsigned elsewhere; /* for another CPU */
    unsigned modules;   /* it needs a kernel module, which is not loaded */
    /* The running kernel: */
    unsigned asked, same, only_here, only_linux, linux_values, linux_right;
};

/* --- What a test expects --- */

struct expectation {
    bool success, failure, auxiliary;
    bool has_value;
    int32_t value;
    uint32_t flags;
    bool has_arch, this_arch;
    char message[160];
    char types[128]; /* an object file whose types stand for the kernel's */
};

static const struct {
    const char *name;
    uint32_t value;
} flag_names[] = {
    { "BPF_F_STRICT_ALIGNMENT", 1u << 0 }, { "BPF_F_ANY_ALIGNMENT", 1u << 1 },
    { "BPF_F_TEST_RND_HI32", 1u << 2 },    { "BPF_F_TEST_STATE_FREQ", 1u << 3 },
    { "BPF_F_SLEEPABLE", 1u << 4 },        { "BPF_F_XDP_HAS_FRAGS", 1u << 5 },
};

static uint32_t parse_flag(const char *text)
{
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
        if (strcmp(text, flag_names[i].name) == 0)
            return flag_names[i].value;
    return (uint32_t)strtoul(text, NULL, 0);
}

static bool arch_is_this(const char *name)
{
    struct utsname host;
    uname(&host);
    return (strcmp(name, "X86_64") == 0 && strcmp(host.machine, "x86_64") == 0) ||
           (strcmp(name, "ARM64") == 0 && strcmp(host.machine, "aarch64") == 0) ||
           (strcmp(name, "RISCV64") == 0 && strcmp(host.machine, "riscv64") == 0);
}

/* What follows `key` in `tag`, or NULL. */
static const char *after(const char *tag, const char *key)
{
    size_t length = strlen(key);
    return strncmp(tag, key, length) == 0 ? tag + length : NULL;
}

static void read_tag(struct expectation *e, const char *tag)
{
    const char *text;
    if (strcmp(tag, "test_expect_success") == 0)
        e->success = true;
    else if (strcmp(tag, "test_expect_failure") == 0)
        e->failure = true;
    else if (strcmp(tag, "test_auxiliary") == 0)
        e->auxiliary = true;
    else if ((text = after(tag, "test_retval=")) != NULL) {
        e->has_value = strcmp(text, "POINTER_VALUE") != 0 && strcmp(text, "0xcafe4all") != 0;
        e->value = strcmp(text, "TEST_DATA_LEN") == 0 ? TEST_DATA_SIZE
                   : strcmp(text, "INT_MIN") == 0     ? INT32_MIN
                                                      : (int32_t)strtoll(text, NULL, 0);
    } else if ((text = after(tag, "test_prog_flags=")) != NULL)
        e->flags |= parse_flag(text);
    else if ((text = after(tag, "test_btf_path=")) != NULL)
        snprintf(e->types, sizeof e->types, "%s", text);
    else if ((text = after(tag, "test_arch=")) != NULL) {
        e->has_arch = true;
        e->this_arch |= arch_is_this(text);
    } else if ((text = after(tag, "test_expect_msg=")) != NULL && e->message[0] == '\0') {
        const char *message = strchr(text, '=');
        snprintf(e->message, sizeof e->message, "%s", message == NULL ? text : message + 1);
    }
}

/* `find`: a function's name, or with NULL the `number`th function that is a test. */
static bool read_expectation(const struct bpf_btf *btf, uint32_t function_id,
                             struct expectation *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t id = 1; id <= bpf_btf_type_count(btf); id++) {
        struct bpf_btf_type tag;
        const char *text;
        if (bpf_btf_type_at(btf, id, &tag) && tag.kind == BPF_BTF_DECL_TAG &&
            tag.size_or_type == function_id && (text = after(tag.name, "comment:")) != NULL)
            read_tag(out, text);
    }
    return out->success || out->failure;
}

/* --- One program --- */

struct judged_object {
    const char *name;
    struct bpf_object *object; /* NULL: our loader refuses it, `error` says why */
    struct bpf_error error;
    struct bpf_btf *btf;
    struct totals totals;
    FILE *list;
    const void *bytes;
    size_t size;
    const char *directory; /* a path, whose last part does not count */
    struct peer *peer;     /* what the running kernel says, or NULL */
};

static struct bpf_env *env;

static void disagree(struct judged_object *o, const char *program, const char *what,
                     const char *why)
{
    char line[LINE_MAX_LENGTH];
    snprintf(line, sizeof line, "%s %s: %s: %s", o->name, program, what, why);
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\n')
            *at = ' ';
    fprintf(o->list, "%s\n", line);
}

static int program_index(const struct bpf_object *object, const char *name)
{
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++)
        if (strcmp(bpf_object_program(object, i)->name, name) == 0)
            return (int)i;
    return -1;
}

static void check_value(struct judged_object *o, const char *name, const struct expectation *e)
{
    uint64_t r0;
    char text[128];
    struct bpf_verify_result result = { 0 };
    struct bpf_error error = { 0 };
    /* A new one, as the kernel's runner does: what earlier runs left in maps does not count. */
    struct bpf_object *object = judge_open(o->name, o->bytes, o->size, NULL, &error);
    int index = object == NULL ? -1 : program_index(object, name);
    int err =
        index < 0 ? -EOPNOTSUPP : judge_verify(object, (uint32_t)index, e->flags, true, &result);
    err = err == 0 ? test_run(result.prog, NULL, &r0, text, sizeof text) : -EOPNOTSUPP;
    bpf_prog_destroy(result.prog);
    bpf_object_close(object);
    if (err == -EOPNOTSUPP) {
        o->totals.not_run++;
        return;
    }
    o->totals.run++;
    if (err == 0 && (int32_t)r0 == e->value) {
        o->totals.right++;
        return;
    }
    if (err == 0)
        snprintf(text, sizeof text, "%d", (int32_t)r0);
    char what[64];
    snprintf(what, sizeof what, "should return %d", e->value);
    disagree(o, name, what, text);
}

static int verify(struct judged_object *o, const char *name, const struct expectation *e,
                  struct bpf_verify_result *result)
{
    memset(result, 0, sizeof *result);
    if (o->object == NULL) {
        snprintf(result->text, sizeof result->text, "not opened: %s", o->error.text);
        return -EINVAL;
    }
    int index = program_index(o->object, name);
    if (index < 0) {
        snprintf(result->text, sizeof result->text, "no program of this name was loaded");
        return -ENOENT;
    }
    return judge_verify(o->object, (uint32_t)index, e->flags, false, result);
}

/* The types that the test names, out of the object file beside this one (its name ends in .bpf.o
 * there, in .o here). */
static struct bpf_btf *other_types(const struct judged_object *o, const char *file)
{
    char path[512];
    const char *base = strrchr(o->directory, '/');
    int length = base == NULL ? 0 : (int)(base + 1 - o->directory);
    snprintf(path, sizeof path, "%.*s%.*s.o", length, o->directory, (int)strcspn(file, "."), file);
    return judge_read_types(path);
}

static void judge_opened(struct judged_object *o, const char *name, const struct expectation *e);

static void judge_program(struct judged_object *o, const char *name, const struct expectation *e)
{
    struct bpf_btf *types = e->types[0] == '\0' ? NULL : other_types(o, e->types);
    if (types == NULL) {
        judge_opened(o, name, e);
        return;
    }
    struct bpf_object *usual = o->object;
    o->object = judge_open(o->name, o->bytes, o->size, types, &o->error);
    judge_opened(o, name, e);
    bpf_object_close(o->object);
    o->object = usual;
    bpf_btf_put(types);
}

/* --- The running kernel --- */

static const char *peer_program; /* NULL: it is not asked */

static struct peer *ask_linux(const char *path)
{
    char command[1024];
    struct peer *peer = malloc(sizeof *peer);
    snprintf(command, sizeof command, "PEER_ALL=1 %s %s - kernel", peer_program, path);
    FILE *pipe = peer == NULL ? NULL : popen(command, "r");
    bool read = pipe != NULL && fread(peer, sizeof *peer, 1, pipe) == 1;
    char rest[4096];
    while (read && fread(rest, 1, sizeof rest, pipe) != 0)
        ;
    if (pipe != NULL)
        pclose(pipe);
    if (read)
        return peer;
    free(peer);
    return NULL;
}

static void compare_with_linux(struct judged_object *o, const char *name,
                               const struct expectation *e, int err, const char *text)
{
    const struct peer_program *p = NULL;
    for (uint32_t i = 0; o->peer != NULL && i < o->peer->program_count; i++)
        if (strcmp(o->peer->programs[i].name, name) == 0)
            p = &o->peer->programs[i];
    /* libbpf gives it no flags: what must be aligned differs. Without a word it was no verdict of the verifier's: the
     * kernel has no such hook. And libbpf marks so what it could not relocate. */
    if (p == NULL || !p->was_loaded || (e->flags & 1u) != 0 ||
        (p->verdict != 0 && (p->last_line[0] == '\0' || strstr(p->last_line, "unknown#195896080") != NULL)))
        return;
    o->totals.asked++;
    o->totals.same += (p->verdict == 0) == (err == 0);
    o->totals.only_here += p->verdict != 0 && err == 0;
    o->totals.only_linux += p->verdict == 0 && err != 0;
    if (p->verdict != 0 && err == 0)
        disagree(o, name, "the running kernel refuses", p->last_line);
    else if (p->verdict == 0 && err != 0)
        disagree(o, name, "the running kernel accepts", text);
    if (p->verdict != 0 || !p->was_run || !e->has_value)
        return;
    o->totals.linux_values++;
    o->totals.linux_right += (int32_t)p->r0 == e->value;
    if ((int32_t)p->r0 != e->value)
        disagree(o, name, "the running kernel returns something else than the test wants", "");
}

/* A function or type that Linux's test modules bring: the running kernel's BTF does not have it. */
static bool needs_module(const struct expectation *e, const char *text)
{
    return strstr(text, "is no function in the kernel's types") != NULL ||
           strstr(text, "the kernel has no struct_ops of that type") != NULL ||
           (e->success && strstr(text, "is not in the kernel's BTF") != NULL);
}

static void judge_opened(struct judged_object *o, const char *name, const struct expectation *e)
{
    if (e->has_arch && !e->this_arch) {
        o->totals.elsewhere++;
        return;
    }
    struct bpf_verify_result result;
    int err = verify(o, name, e, &result);
    if (err != 0 && needs_module(e, result.text)) {
        o->totals.modules++;
        disagree(o, name, "skipped, it needs a kernel module", result.text);
        return;
    }
    o->totals.judged++;
    compare_with_linux(o, name, e, err, result.text);
    if (e->success && err != 0) {
        o->totals.refused++;
        disagree(o, name, "REFUSED, Linux accepts", result.text);
    } else if (e->failure && err == 0) {
        o->totals.unsafe++;
        disagree(o, name, "ACCEPTED, Linux refuses", e->message);
    } else if (e->failure && judge_is_unsupported(&result)) {
        /* Refused for the wrong reason: not knowing a thing is no judgement of it. */
        o->totals.agreed++;
        disagree(o, name, "refused as unknown (counts as agreed)", result.text);
    } else {
        o->totals.agreed++;
    }
    if (err == 0 && e->has_value)
        check_value(o, name, e);
}

/* --- One object --- */

static void *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    void *bytes = malloc(length > 0 ? (size_t)length : 1);
    if (bytes != NULL && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

static struct bpf_btf *read_btf(const void *bytes, size_t size)
{
    struct elf_file file;
    struct elf_section section;
    struct bpf_error error = { 0 };
    struct bpf_btf *btf = NULL;
    if (elf_file_open(&file, bytes, size, &error) == 0 &&
        elf_section_find(&file, ".BTF", &section) && section.bytes != NULL)
        bpf_btf_parse(env, section.bytes, section.size, &btf, &error);
    if (btf == NULL)
        fprintf(stderr, "judge: no BTF: %s\n", error.text);
    return btf;
}

/* Of the older tests, whose programs say nothing of what is expected: the running kernel does. */
static void judge_unmarked(struct judged_object *o, const char *name, const struct expectation *e)
{
    struct bpf_verify_result result;
    int err = verify(o, name, e, &result);
    compare_with_linux(o, name, e, err, result.text);
}

static void judge_functions(struct judged_object *o)
{
    for (uint32_t id = 1; id <= bpf_btf_type_count(o->btf); id++) {
        struct bpf_btf_type type;
        struct expectation e;
        if (!bpf_btf_type_at(o->btf, id, &type) || type.kind != BPF_BTF_FUNC)
            continue;
        if (read_expectation(o->btf, id, &e))
            judge_program(o, type.name, &e);
        else if (!e.auxiliary && o->peer != NULL && o->object != NULL && program_index(o->object, type.name) >= 0)
            judge_unmarked(o, type.name, &e);
    }
}

static int judge_object(const char *path, struct totals *all, FILE *list)
{
    const char *base = strrchr(path, '/');
    char name[128];
    snprintf(name, sizeof name, "%s", base == NULL ? path : base + 1);
    name[strcspn(name, ".")] = '\0';
    size_t size;
    void *bytes = read_whole(path, &size);
    struct judged_object o = { .name = name, .list = list };
    if (bytes == NULL || (o.btf = read_btf(bytes, size)) == NULL) {
        fprintf(stderr, "judge: cannot read %s\n", path);
        free(bytes);
        return -1;
    }
    o.bytes = bytes;
    o.size = size;
    o.directory = path;
    o.object = judge_open(name, bytes, size, NULL, &o.error);
    o.peer = peer_program == NULL ? NULL : ask_linux(path);
    judge_functions(&o);
    free(o.peer);
    const struct totals *t = &o.totals;
    printf("%-40s %3u of %3u agree", name, t->agreed, t->judged);
    if (t->run + t->not_run != 0)
        printf(", %u of %u values right, %u not run", t->right, t->run, t->not_run);
    printf("%s\n", o.object == NULL ? " (not opened)" : "");
    for (size_t i = 0; i < sizeof *t / sizeof(unsigned); i++)
        ((unsigned *)all)[i] += ((const unsigned *)t)[i];
    bpf_object_close(o.object);
    bpf_btf_put(o.btf);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    double least = 0;
    unsigned wrong_values = 0; /* that are known */
    const char *list_path = NULL;
    struct totals all = { 0 };
    int first = 1;
    for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
        if (strcmp(argv[first], "--least") == 0)
            least = strtod(argv[first + 1], NULL);
        else if (strcmp(argv[first], "--wrong-values") == 0)
            wrong_values = (unsigned)strtoul(argv[first + 1], NULL, 10);
        else if (strcmp(argv[first], "--list") == 0)
            list_path = argv[first + 1];
        else if (strcmp(argv[first], "--linux") == 0)
            peer_program = argv[first + 1];
    }
    FILE *list = tmpfile();
    env = judge_env();
    if (list == NULL || env == NULL)
        return 2;
    for (int i = first; i < argc; i++)
        if (judge_object(argv[i], &all, list) != 0)
            return 2;
    double percent = all.judged == 0 ? 0 : 100.0 * all.agreed / all.judged;
    FILE *copy = list_path == NULL ? NULL : fopen(list_path, "w");
    char line[LINE_MAX_LENGTH + 2];
    rewind(list);
    while (fgets(line, sizeof line, list) != NULL) {
        printf("  %s", line);
        if (copy != NULL)
            fputs(line, copy);
    }
    printf("%u of %u verdicts agree: %.2f %%; %u accepted that Linux refuses, %u refused that it "
           "accepts; %u of %u values right, %u not run; %u for other CPUs, %u that need a module\n",
           all.agreed, all.judged, percent, all.unsafe, all.refused, all.right, all.run,
           all.not_run, all.elsewhere, all.modules);
    if (all.asked != 0)
        printf("the running kernel: %u of %u verdicts are ours, %u accepted here only, %u there only; %u of %u "
               "values are the test's\n",
               all.same, all.asked, all.only_here, all.only_linux, all.linux_right,
               all.linux_values);
    if (copy != NULL)
        fclose(copy);
    fclose(list);
    judge_end();
    bool bad = all.unsafe != 0 || all.run - all.right > wrong_values || percent < least;
    return bad ? 1 : 0;
}
