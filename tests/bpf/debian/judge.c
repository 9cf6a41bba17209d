/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge [--btf FILE] [--quiet] [--time] OBJECT...: opens, relocates and verifies each object with our
 * library, and with libbpf and the running kernel, and compares.
 *
 * Relocated instructions must be the same, one by one: maps count as equal when they have the same
 * name, whatever number stands in the instruction. Verdicts are counted: accepted by both, by one,
 * by none. With --time, how long our verifier takes over those that both accept, beside the kernel's
 * verifier and JIT. Fails (1) where instructions differ, or where we accept what Linux refuses. */
#include "host_env.h"
#include "peer.h"
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf/helper.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>
#include <bpf_linux/maps.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

static struct host_env host;
static struct bpf_btf *kernel_btf;
static char *kconfig;
static bool is_quiet, can_ask, with_times;
static const char *other_btf; /* --btf: relocate only, against these types */
static struct {
    uint32_t objects, opened, programs, relocated, same, different, not_compared;
    uint32_t ours_yes, kernel_yes, both_yes, both_no, only_ours, only_kernel, kernel_not_asked;
} count;

static struct {
    char text[120];
    uint32_t count;
} reasons[256];
static uint32_t reason_count;

static void add_reason(const char *text)
{
    char cut[120];
    snprintf(cut, sizeof cut, "%.119s", text);
    for (uint32_t i = 0; i < reason_count; i++) {
        if (strcmp(reasons[i].text, cut) == 0) {
            reasons[i].count++;
            return;
        }
    }
    if (reason_count < 256) {
        strcpy(reasons[reason_count].text, cut);
        reasons[reason_count++].count = 1;
    }
}

static uint8_t *read_stream(FILE *file, size_t *size)
{
    size_t capacity = 1u << 20;
    uint8_t *bytes = malloc(capacity);
    *size = 0;
    for (size_t got; (got = fread(bytes + *size, 1, capacity - *size - 1, file)) > 0;) {
        *size += got;
        if (*size + 1 == capacity)
            bytes = realloc(bytes, capacity *= 2);
    }
    bytes[*size] = '\0';
    return bytes;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    uint8_t *bytes = read_stream(file, size);
    fclose(file);
    return bytes;
}

/* /proc/config.gz and what libbpf adds to it. */
static void read_kconfig(void)
{
    size_t size = 0;
    FILE *pipe = popen("zcat /proc/config.gz 2>/dev/null", "r");
    char *config = (char *)read_stream(pipe, &size);
    pclose(pipe);
    struct utsname name;
    uname(&name);
    unsigned major = 0, minor = 0, patch = 0;
    sscanf(name.release, "%u.%u.%u", &major, &minor, &patch);
    kconfig = malloc(size + 256);
    sprintf(kconfig,
            "LINUX_KERNEL_VERSION=%u\nLINUX_HAS_BPF_COOKIE=1\nLINUX_HAS_SYSCALL_WRAPPER=1\n%s",
            (major << 16) + (minor << 8) + (patch > 255 ? 255 : patch), config);
    free(config);
}

static uint64_t ksym_address(void *user, const char *name)
{
    (void)user;
    char line[512], symbol[256];
    unsigned long long address;
    FILE *file = fopen("/proc/kallsyms", "r");
    uint64_t found = 0;
    while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%llx %*c %255s", &address, symbol) == 2 && strcmp(symbol, name) == 0)
            found = address;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static struct peer peer;

/* What libbpf makes of the object, and the kernel of what libbpf made. */
static void ask_peer(const char *path, const char *btf_path)
{
    char command[4096];
    for (uint32_t i = 0; i < peer.program_count; i++)
        free(peer.programs[i].insns);
    memset(&peer, 0, sizeof peer);
    snprintf(command, sizeof command, "%s '%s' '%s' %s", PEER, path,
             btf_path == NULL ? "-" : btf_path, btf_path == NULL ? "kernel" : "alone");
    FILE *pipe = popen(command, "r");
    bool ok = pipe != NULL && fread(&peer, sizeof peer, 1, pipe) == 1;
    for (uint32_t i = 0; i < peer.program_count; i++) {
        struct peer_program *program = &peer.programs[i];
        if (program->insns == NULL)
            continue;
        program->insns = calloc(program->insn_count, 8);
        ok = ok && fread(program->insns, 8, program->insn_count, pipe) == program->insn_count;
    }
    if (pipe != NULL)
        pclose(pipe);
    if (!ok) {
        printf("%s: libbpf's program gave no answer\n", path);
        exit(6);
    }
    can_ask = peer.can_ask;
}

/* As the host programs do, and as peer.c does. */
static void size_maps(struct bpf_object *object)
{
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++) {
        const struct bpf_map_spec *spec = bpf_object_map_spec(object, i);
        uint32_t value_size = spec->type == 7 && spec->value_size == 0 ? 127 * 8 : spec->value_size;
        bool is_storage =
            spec->type == 24 || spec->type == 28 || spec->type == 29 || spec->type == 32;
        uint32_t entries = spec->max_entries == 0 && !is_storage ? 128 : spec->max_entries;
        uint32_t key_size = spec->key_size, type = spec->type;
        if (type == 4 && key_size == 0)
            key_size = value_size = 4;
        bpf_object_change_map(object, i, key_size, value_size, entries);
    }
}

/* --- Instructions --- */

static const char *peer_map_name(int32_t fd)
{
    for (uint32_t i = 0; i < peer.map_count; i++) {
        if (peer.map_fds[i] == fd)
            return peer.map_names[i];
    }
    return "?";
}

/* libbpf calls global data "OBJECT.rodata". */
static bool same_map(const char *ours, const char *theirs)
{
    size_t ours_length = strlen(ours), theirs_length = strlen(theirs);
    if (ours[0] == '.')
        return theirs_length >= ours_length &&
               strcmp(theirs + theirs_length - ours_length, ours) == 0;
    return strncmp(ours, theirs, 15) == 0;
}

static bool same_lddw(const struct bpf_object *object, const struct bpf_insn *ours,
                      const struct bpf_insn *theirs)
{
    bool is_value = ours->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
    if (theirs->src_reg != (is_value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD))
        return false;
    const struct bpf_map_spec *spec = bpf_object_map_spec(object, (uint32_t)ours->imm);
    return spec != NULL && same_map(spec->name, peer_map_name(theirs->imm)) &&
           (!is_value || ours[1].imm == theirs[1].imm);
}

/* The first instruction that differs, or the count if none does. */
static uint32_t first_difference(const struct bpf_object *object, const struct bpf_insn *ours,
                                 const struct bpf_insn *theirs, uint32_t insn_count)
{
    for (uint32_t i = 0; i < insn_count; i++) {
        bool is_map = ours[i].opcode == BPF_LDDW && (ours[i].src_reg == BPF_PSEUDO_MAP_IDX ||
                                                     ours[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE);
        bool same = is_map ? i + 1 < insn_count && same_lddw(object, &ours[i], &theirs[i])
                           : memcmp(&ours[i], &theirs[i], sizeof *ours) == 0;
        if (!same)
            return i;
        if (is_map)
            i++;
    }
    return insn_count;
}

static const struct peer_program *peer_program(const char *name)
{
    for (uint32_t i = 0; i < peer.program_count; i++) {
        if (strcmp(peer.programs[i].name, name) == 0)
            return &peer.programs[i];
    }
    return NULL;
}

static void compare_insns(const struct bpf_object *object, const struct bpf_object_program *program,
                          const struct peer_program *theirs, const char *path)
{
    if (theirs == NULL || theirs->insns == NULL || program->failure != NULL) {
        count.not_compared++;
        if (!is_quiet && program->failure != NULL)
            printf("  %s: %s\n", program->name, program->failure);
        return;
    }
    const struct bpf_insn *other = (const struct bpf_insn *)theirs->insns;
    uint32_t at = 0;
    if (theirs->insn_count == program->insn_count)
        at = first_difference(object, program->insns, other, program->insn_count);
    if (theirs->insn_count == program->insn_count && at == program->insn_count) {
        count.same++;
        return;
    }
    count.different++;
    printf("DIFFERENT %s %s: %u and %u instructions, at %u: ours %016llx, libbpf's %016llx\n", path,
           program->name, program->insn_count, theirs->insn_count, at,
           (unsigned long long)*(const uint64_t *)&program->insns[at],
           (unsigned long long)theirs->insns[at]);
}

/* --- Verdicts --- */

static void first_words(const char *text, char *to, size_t size)
{
    /* Names and numbers differ from program to program; the sentence stays. */
    size_t used = 0;
    for (; *text != '\0' && *text != '\n' && used + 2 < size; text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (digit && used > 0 && to[used - 1] == 'N')
            continue;
        to[used++] = digit ? 'N' : *text;
    }
    to[used] = '\0';
}

/* --- Times --- */

#define TIMED_MAX 512
static double ratios[TIMED_MAX], sum_ours_us, sum_linux_us;
static uint32_t timed_count;

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The least of five, as the peer's. */
static void compare_times(const struct bpf_verify_request *request,
                          const struct peer_program *theirs)
{
    static struct bpf_verify_result result;
    double least = 0;
    for (int i = 0; i < 5; i++) {
        double before = cpu_us();
        bpf_verify(request, &result);
        double us = cpu_us() - before;
        if (i == 0 || us < least)
            least = us;
    }
    if (timed_count == TIMED_MAX)
        return;
    ratios[timed_count++] = least / theirs->load_us;
    sum_ours_us += least;
    sum_linux_us += theirs->load_us;
    if (!is_quiet)
        printf("  time of %s: %u instructions, ours %.0f us (%.0f ns each), Linux %.0f us\n",
               theirs->name, theirs->insn_count, least, least * 1000 / theirs->insn_count,
               theirs->load_us);
}

static int by_value(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static void print_times(void)
{
    double log_sum = 0;
    qsort(ratios, timed_count, sizeof *ratios, by_value);
    for (uint32_t i = 0; i < timed_count; i++)
        log_sum += log(ratios[i]);
    if (timed_count == 0)
        return;
    printf("time of %u programs: ours (verifier) %.1f ms, Linux (verifier and JIT) %.1f ms; ratio of "
           "sums %.3f, geometric mean %.3f, median %.3f, least %.3f, most %.3f\n",
           timed_count, sum_ours_us / 1e3, sum_linux_us / 1e3, sum_ours_us / sum_linux_us,
           exp(log_sum / timed_count), ratios[timed_count / 2], ratios[0], ratios[timed_count - 1]);
}

static void compare_verdicts(const struct bpf_object *object, uint32_t index,
                             const struct peer_program *theirs, const char *path)
{
    static struct bpf_verify_result result;
    const struct bpf_object_program *program = bpf_object_program(object, index);
    struct bpf_verify_request request;
    bool ours;
    if (program->failure != NULL || program->context == NULL) {
        result.prog = NULL;
        snprintf(result.text, sizeof result.text, "%s",
                 program->failure != NULL ? program->failure : "section names no kind of program");
        ours = false;
    } else {
        bpf_object_request(object, index, &request);
        request.check_only = true; /* Linux's helpers have no bodies here */
        ours = bpf_verify(&request, &result) == 0;
    }
    count.ours_yes += ours;
    if (ours && with_times && theirs != NULL && theirs->load_us > 0)
        compare_times(&request, theirs);
    /* -EPERM is about us, not about the program. */
    bool asked = theirs != NULL && theirs->was_loaded && theirs->verdict != EPERM,
         kernel = asked && theirs->verdict == 0;
    if (!asked)
        count.kernel_not_asked++;
    else {
        count.kernel_yes += kernel;
        count.both_yes += ours && kernel;
        count.both_no += !ours && !kernel;
        count.only_ours += ours && !kernel;
        count.only_kernel += !ours && kernel;
    }
    if (!ours && (kernel || !asked)) {
        char words[120], reason[200];
        first_words(result.text, words, sizeof words);
        snprintf(reason, sizeof reason, "%s: %s",
                 program->failure ? "loader" : bpf_reject_name(result.reason), words);
        add_reason(reason);
    }
    if (!is_quiet && asked && ours != kernel)
        printf("  %s %s (%s): %s: %s (%s)\n", path, program->name, program->section,
               ours ? "only we accept it" : "only Linux accepts it",
               ours ? theirs->last_line : result.text, strerror(theirs->verdict));
    if (!is_quiet && !asked && !ours)
        printf("  %s %s (%s): refused, Linux not asked (%s): %s\n", path, program->name,
               program->section,
               theirs != NULL && theirs->was_loaded ? strerror(theirs->verdict)
                                                    : "libbpf did not load it",
               result.text);
}

static void judge(const char *path)
{
    const struct bpf_object_options options = { .kernel_btf = kernel_btf,
                                                .kconfig = kconfig,
                                                .ksym_address = ksym_address,
                                                .context_by_section = bpf_linux_context_by_section,
                                                .map_create = bpf_linux_map_create };
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    struct bpf_error error = { 0 };
    struct bpf_object *object;
    count.objects++;
    if (bytes == NULL) {
        printf("%s cannot be read\n", path);
        return;
    }
    int err = bpf_object_open_with(&host.env, bytes, size, &options, &object, &error);
    free(bytes);
    if (err) {
        printf("NOT OPENED %s: %s\n", path, error.text);
        return;
    }
    size_maps(object);
    err = bpf_object_create_maps(object, &error);
    if (err)
        printf("  %s: %s\n", path, error.text);
    else
        count.opened++;
    ask_peer(path, other_btf);
    if (peer.problem[0] != '\0' && !is_quiet)
        printf("  %s: libbpf: %s\n", path, peer.problem);
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        /* Its host program says at run time what it attaches to; peer.c does the same. */
        if (strncmp(program->target, "dummy_", 6) == 0)
            bpf_object_set_target(object, i, "vfs_read");
        const struct peer_program *theirs = peer_program(program->name);
        count.programs++;
        count.relocated += program->failure == NULL;
        compare_insns(object, program, theirs, path);
        if (err == 0)
            compare_verdicts(object, i, theirs, path);
    }
    bpf_object_close(object);
}

int main(int argc, char **argv)
{
    const char *btf_path = "/sys/kernel/btf/vmlinux";
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "--quiet") == 0)
            is_quiet = true;
        else if (strcmp(argv[first], "--time") == 0) {
            with_times = true;
            setenv("PEER_TIME", "1", 1);
        } else if (strcmp(argv[first], "--btf") == 0 && first + 1 < argc)
            btf_path = other_btf = argv[++first];
    }
    host_env_init(&host);
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    host.env.kfuncs = bpf_linux_kfuncs;
    host.env.kfunc_count = bpf_linux_kfunc_count;
    size_t size;
    uint8_t *bytes = read_file(btf_path, &size);
    struct bpf_error error = { 0 };
    if (bytes == NULL || bpf_btf_parse(&host.env, bytes, size, &kernel_btf, &error) != 0) {
        printf("skipped: no types of the running kernel (%s) %s\n", btf_path, error.text);
        return 77;
    }
    free(bytes);
    read_kconfig();
    for (int i = first; i < argc; i++)
        judge(argv[i]);
    printf("objects: %u of %u opened, maps made\n", count.opened, count.objects);
    printf("relocation: %u of %u programs; against libbpf: %u the same, %u different, %u not "
           "compared\n",
           count.relocated, count.programs, count.same, count.different, count.not_compared);
    printf("verifier: %u of %u accepted\n", count.ours_yes, count.programs);
    if (can_ask)
        printf(
            "                  Linux accepts  Linux refuses\n"
            "  we accept       %13u  %13u\n"
            "  we refuse       %13u  %13u\n"
            "  Linux was not asked about %u (not permitted, or the target is not in it), of which "
            "we accept %u\n",
            count.both_yes, count.only_ours, count.only_kernel, count.both_no,
            count.kernel_not_asked, count.ours_yes - count.both_yes - count.only_ours);
    else
        printf("skipped: bpf() is not allowed here, so Linux's own verdict is not known\n");
    print_times();
    for (uint32_t i = 0; i < reason_count; i++)
        printf("%6u  %s\n", reasons[i].count, reasons[i].text);
    bpf_btf_put(kernel_btf);
    free(kconfig);
    return count.different != 0 || count.only_ours != 0;
}
