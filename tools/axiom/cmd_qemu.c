/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom qemu: an image of the kernel under QEMU, built first if it is not there or is old.
 *
 * With --trace it is the image on the simulated machine: the recording goes in as its initramfs.
 * What an image records comes out of QEMU's RAM, which is a file for that time; the console says where
 * in it. */
#include "cli.h"
#include "image.h"
#include "signing.h"

#include <axiom/bits.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 64
#define LINE_MAX_ 512

/* A row an architecture; tests/image/qemu.sh has the same table. How an image tells its end to QEMU
 * differs, what it tells does not (exit_code()). */
struct qemu_arch {
    const char *name, *binary, *package;
    const char *machine, *cpu, *suffix;
    uint64_t ram_base; /* where RAM, as a file, begins for the CPU */
    /* In less, QEMU or its firmware ends before the kernel has begun. */
    uint64_t least_mib;
    const char *words[5]; /* of QEMU's command line */
};

static const struct qemu_arch arches[] = {
    { "x86_64",
      "qemu-system-x86_64",
      "qemu-system-x86",
      "q35",
      "max",
      "elf",
      0,
      4,
      { "-device", "isa-debug-exit,iobase=0xf4,iosize=4" } },
    { "aarch64",
      "qemu-system-aarch64",
      "qemu-system-arm",
      "virt",
      "max",
      "img",
      0x40000000,
      5,
      { "-nic", "none", "-semihosting-config", "enable=on,target=native" } },
    { "riscv64",
      "qemu-system-riscv64",
      "qemu-system-misc",
      "virt",
      "rv64",
      "img",
      0x80000000,
      5,
      { "-nic", "none", "-semihosting-config", "enable=on,target=native" } },
};

struct qemu_options {
    const struct qemu_arch *arch;
    const char *trace, *record, *append, *machine;
    struct image_options modules; /* objects and keyring */
    uint64_t cpus, memory_mib, stop_after_ms;
    bool headless, gdb, test, require_signed;
};

/* What is made for a run and removed after it. */
struct qemu_files {
    char image[4096], initramfs[64], ram[64];
};

static bool make_file(char *path, size_t size)
{
    snprintf(path, size, "/tmp/axiom-qemu.XXXXXX");
    int descriptor = mkstemp(path);
    if (descriptor < 0) {
        path[0] = '\0';
        return false;
    }
    close(descriptor);
    return true;
}

static int make_initramfs(const struct qemu_options *o, struct qemu_files *files)
{
    struct bpf_keyring keyring;
    if (o->modules.keyring != NULL) {
        int code = signing_read_keyring(o->modules.keyring, &keyring, NULL, NULL);
        if (code != EXIT_OK)
            return code;
    }
    if (!make_file(files->initramfs, sizeof files->initramfs))
        return complain(EXIT_IO, "/tmp: %s", strerror(errno));
    return image_write_initramfs(&o->modules, files->initramfs);
}

/* --- the command line of QEMU --- */

struct words {
    const char *at[WORDS_MAX];
    uint32_t count;
    char text[8][LINE_MAX_];
    uint32_t text_count;
};

static void word(struct words *w, const char *text)
{
    if (w->count + 1 < WORDS_MAX)
        w->at[w->count++] = text;
}

static void word_format(struct words *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void word_format(struct words *w, const char *format, ...)
{
    char *to = w->text[w->text_count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(to, LINE_MAX_, format, arguments);
    va_end(arguments);
    word(w, to);
}

static void make_words(const struct qemu_options *o, const struct qemu_files *files,
                       struct words *w)
{
    word(w, o->arch->binary);
    word(w, "-accel");
    word(w, "tcg");
    word(w, "-M");
    word_format(w, "%s%s", o->machine != NULL ? o->machine : o->arch->machine,
                files->ram[0] != '\0' ? ",memory-backend=ram" : "");
    word(w, "-cpu");
    word(w, o->arch->cpu);
    word(w, "-smp");
    word_format(w, "%" PRIu64, o->cpus);
    word(w, "-m");
    word_format(w, "%" PRIu64, o->memory_mib);
    word(w, "-serial");
    word(w, "stdio");
    word(w, "-monitor");
    word(w, "none");
    word(w, "-no-reboot");
    for (uint32_t i = 0; i < ARRAY_SIZE(o->arch->words) && o->arch->words[i] != NULL; i++)
        word(w, o->arch->words[i]);
    word(w, "-kernel");
    word(w, files->image);
    word(w, "-append");
    char stop[40] = "";
    if (o->stop_after_ms != 0)
        snprintf(stop, sizeof stop, " stop_after_ms=%" PRIu64, o->stop_after_ms);
    word_format(w, "exit=debug%s%s%s%s%s", o->record != NULL && o->trace == NULL ? " record" : "",
                stop, o->require_signed ? " bpf.require_signed" : "", o->append != NULL ? " " : "",
                o->append != NULL ? o->append : "");
    if (o->headless) {
        word(w, "-display");
        word(w, "none");
    }
    if (o->gdb) {
        word(w, "-s");
        word(w, "-S");
    }
    if (files->ram[0] != '\0') {
        word(w, "-object");
        word_format(w, "memory-backend-file,id=ram,share=on,mem-path=%s,size=%" PRIu64 "M",
                    files->ram, o->memory_mib);
    }
    if (o->trace != NULL || files->initramfs[0] != '\0') {
        word(w, "-initrd");
        word(w, o->trace != NULL ? o->trace : files->initramfs);
    }
    w->at[w->count] = NULL;
}

/* --- running it --- */

struct place { /* of the recording in RAM */
    uint64_t at, size;
};

/* What QEMU writes, as lines. */
struct lines {
    int descriptor; /* -1: it has ended */
    size_t size;
    char text[LINE_MAX_];
};

/* What is looked for in them. */
struct heard {
    const char *binary; /* its name is before what QEMU itself says */
    struct place place;
    char complaint[LINE_MAX_]; /* the first; empty: none */
};

/* The line that says where the recording is (arch/common/record). */
static void console_line(struct heard *heard, const char *line)
{
    struct place found;
    if (sscanf(line, "%*[a-z]: recorded %" SCNu64 " bytes at 0x%" SCNx64, &found.size, &found.at) ==
        2)
        heard->place = found;
}

static void error_line(struct heard *heard, const char *line)
{
    size_t length = strlen(heard->binary);
    if (heard->complaint[0] == '\0' && strncmp(line, heard->binary, length) == 0 &&
        strncmp(line + length, ": ", 2) == 0)
        snprintf(heard->complaint, sizeof heard->complaint, "%s", line + length + 2);
}

/* A line that does not fit is looked at in pieces. */
static void line_end(struct lines *lines, struct heard *heard,
                     void (*look)(struct heard *heard, const char *line))
{
    lines->text[lines->size] = '\0';
    lines->size = 0;
    look(heard, lines->text);
}

/* Passes on what has come, and looks at each line. */
static void lines_read(struct lines *lines, FILE *to, struct heard *heard,
                       void (*look)(struct heard *heard, const char *line))
{
    char bytes[LINE_MAX_];
    ssize_t count = read(lines->descriptor, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR)
        return;
    if (count <= 0) {
        close(lines->descriptor);
        lines->descriptor = -1;
        line_end(lines, heard, look);
        return;
    }
    fwrite(bytes, 1, (size_t)count, to);
    fflush(to);
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == '\n' || lines->size == sizeof lines->text - 1)
            line_end(lines, heard, look);
        if (bytes[i] != '\n' && bytes[i] != '\r')
            lines->text[lines->size++] = bytes[i];
    }
}

static void follow(int console, int errors, struct heard *heard)
{
    struct lines out = { .descriptor = console }, error = { .descriptor = errors };
    while (out.descriptor >= 0 || error.descriptor >= 0) {
        struct pollfd ready[2] = { { .fd = out.descriptor, .events = POLLIN },
                                   { .fd = error.descriptor, .events = POLLIN } };
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return;
        if (ready[0].revents != 0)
            lines_read(&out, stdout, heard, console_line);
        if (ready[1].revents != 0)
            lines_read(&error, stderr, heard, error_line);
    }
}

static int exit_code(const struct qemu_arch *arch, int status, const char *complaint)
{
    if (!WIFEXITED(status))
        return complain(EXIT_IO, "QEMU was ended by signal %d", WTERMSIG(status));
    switch (WEXITSTATUS(status)) { /* 33 + 2 * enum port_exit (port/port.h) */
    case 0:
    case 33:
    case 39:
        return EXIT_OK;
    case 35:
        return EXIT_INPUT;
    case 37:
        return EXIT_PANIC;
    case 127:
        return complain(EXIT_IO, "%s is missing (apt-get install %s)", arch->binary, arch->package);
    default:
        return complain(EXIT_IO, "QEMU ended with %d%s%s", WEXITSTATUS(status),
                        complaint[0] != '\0' ? ": " : "", complaint);
    }
}

static void become(const struct words *w, const int out[2], const int errors[2])
{
    dup2(out[1], STDOUT_FILENO);
    dup2(errors[1], STDERR_FILENO);
    for (uint32_t i = 0; i < 2; i++) {
        close(out[i]);
        close(errors[i]);
    }
    execvp(w->at[0], (char *const *)(uintptr_t)w->at);
    _exit(127);
}

static int start(const struct qemu_arch *arch, const struct words *w, struct place *place)
{
    int out[2], errors[2];
    if (pipe(out) != 0)
        return complain(EXIT_IO, "pipe: %s", strerror(errno));
    if (pipe(errors) != 0) {
        int code = complain(EXIT_IO, "pipe: %s", strerror(errno));
        close(out[0]);
        close(out[1]);
        return code;
    }
    pid_t child = fork();
    if (child == 0)
        become(w, out, errors);
    int why = errno;
    close(out[1]);
    close(errors[1]);
    if (child < 0) {
        close(out[0]);
        close(errors[0]);
        return complain(EXIT_IO, "fork: %s", strerror(why));
    }
    struct heard heard = { .binary = arch->binary };
    follow(out[0], errors[0], &heard);
    *place = heard.place;
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return exit_code(arch, status, heard.complaint);
}

static int fetch(const struct qemu_arch *arch, const char *ram, const struct place *place,
                 const char *path)
{
    if (place->size == 0)
        return complain(EXIT_INPUT, "the image recorded nothing");
    if (place->at < arch->ram_base)
        return complain(EXIT_INPUT, "the image says that its recording is outside of RAM");
    FILE *from = fopen(ram, "rb"), *to = fopen(path, "wb");
    uint64_t left = place->size;
    static uint8_t buffer[1 << 16];
    bool good = from != NULL && to != NULL &&
                fseek(from, (long)(place->at - arch->ram_base), SEEK_SET) == 0;
    while (good && left != 0) {
        size_t take = left < sizeof buffer ? (size_t)left : sizeof buffer;
        good = fread(buffer, 1, take, from) == take && fwrite(buffer, 1, take, to) == take;
        left -= take;
    }
    if (from != NULL)
        fclose(from);
    if (to != NULL)
        good = fclose(to) == 0 && good;
    if (!good)
        return complain(EXIT_IO, "%s: %s", path, strerror(errno));
    printf("recorded  %s (%s bytes)\n", path, grouped(place->size));
    return EXIT_OK;
}

static int run_image(const struct qemu_options *o, struct qemu_files *files)
{
    const char *flavour = o->trace != NULL ? "-machine" : o->test ? "-test" : "";
    snprintf(files->image, sizeof files->image, "%s/build/image-%s/axiom-%s%s.%s", AXIOM_SOURCE_DIR,
             o->arch->name, o->arch->name, flavour, o->arch->suffix);
    int code = image_build(o->arch->name);
    if (code == EXIT_OK && (o->modules.object_count != 0 || o->modules.keyring != NULL))
        code = make_initramfs(o, files);
    if (code == EXIT_OK && (o->trace != NULL || o->record != NULL) &&
        !make_file(files->ram, sizeof files->ram))
        code = complain(EXIT_IO, "/tmp: %s", strerror(errno));
    if (code != EXIT_OK)
        return code;
    struct words words = { .count = 0 };
    struct place place = { 0 };
    make_words(o, files, &words);
    code = start(o->arch, &words, &place);
    if (code == EXIT_OK && o->record != NULL)
        code = fetch(o->arch, files->ram, &place, o->record);
    return code;
}

/* One whose port is there. */
static const struct qemu_arch *find_arch(const char *name)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(arches); i++) {
        char port[4200];
        snprintf(port, sizeof port, "%s/arch/%s", AXIOM_SOURCE_DIR, arches[i].name);
        if (strcmp(name, arches[i].name) == 0 && access(port, F_OK) == 0)
            return &arches[i];
    }
    complain(EXIT_USAGE, "there is no image for '%s'; ARCH is x86_64, aarch64 or riscv64", name);
    return NULL;
}

/* "512", "512M", "1G": as QEMU has it. */
static bool parse_memory(const char *text, uint64_t *mib)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%s", text);
    size_t length = strlen(digits);
    char unit = length > 1 ? digits[length - 1] : 'M';
    bool is_gib = unit == 'G' || unit == 'g';
    if (length > 1 && (is_gib || unit == 'M' || unit == 'm'))
        digits[length - 1] = '\0';
    if (!parse_u64("--mem", digits, is_gib ? 1u << 10 : 1u << 20, mib))
        return false;
    *mib *= is_gib ? 1024 : 1;
    if (*mib == 0)
        complain(EXIT_USAGE, "--mem 0 is no memory at all");
    return *mib != 0;
}

static int check(const struct qemu_options *o)
{
    if (o->cpus < 1 || o->cpus > CPU_MAX)
        return complain(EXIT_USAGE, "--smp is 1 to %u", CPU_MAX);
    if (o->memory_mib < o->arch->least_mib)
        return complain(EXIT_USAGE,
                        "--mem %" PRIu64 ": %s needs %" PRIu64 " MiB, or QEMU cannot even start "
                        "the kernel",
                        o->memory_mib, o->arch->name, o->arch->least_mib);
    if (o->trace != NULL && (o->cpus != 1 || o->modules.object_count != 0 ||
                             o->modules.keyring != NULL || o->require_signed || o->test))
        return complain(EXIT_USAGE, "--trace runs on one CPU, with the programs in the recording");
    int code = o->trace != NULL ? image_check_file(o->trace) : EXIT_OK;
    return code == EXIT_OK ? image_check_files(&o->modules) : code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "headless", no_argument, NULL, 'h' },
        { "gdb", no_argument, NULL, 'g' },
        { "test", no_argument, NULL, 'T' },
        { "smp", required_argument, NULL, 's' },
        { "mem", required_argument, NULL, 'm' },
        { "trace", required_argument, NULL, 't' },
        { "record", required_argument, NULL, 'r' },
        { "bpf", required_argument, NULL, 'b' },
        { "keyring", required_argument, NULL, 'k' },
        { "require-signed", no_argument, NULL, 'R' },
        { "append", required_argument, NULL, 'a' },
        { "machine", required_argument, NULL, 'M' },
        { "stop-after", required_argument, NULL, 'S' },
        { 0 },
    };
    struct qemu_options o = { .cpus = 1, .memory_mib = 512 };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool good = true;
        switch (option) {
        case 'h':
            o.headless = true;
            break;
        case 'g':
            o.gdb = true;
            break;
        case 'T':
            o.test = true;
            break;
        case 's':
            good = parse_u64("--smp", optarg, 1024, &o.cpus);
            break;
        case 'm':
            good = parse_memory(optarg, &o.memory_mib);
            break;
        case 'S':
            good = parse_u64("--stop-after", optarg, UINT32_MAX, &o.stop_after_ms);
            break;
        case 't':
            o.trace = optarg;
            break;
        case 'r':
            o.record = optarg;
            break;
        case 'a':
            o.append = optarg;
            break;
        case 'M':
            o.machine = optarg;
            break;
        case 'k':
            o.modules.keyring = optarg;
            break;
        case 'R':
            o.require_signed = true;
            break;
        case 'b':
            if (o.modules.object_count == IMAGE_OBJECTS_MAX)
                return complain(EXIT_USAGE, "more than %d BPF objects", IMAGE_OBJECTS_MAX);
            o.modules.objects[o.modules.object_count++] = optarg;
            break;
        default:
            return wrong_option("qemu");
        }
        if (!good)
            return EXIT_USAGE;
    }
    if (argc - optind != 1)
        return complain_usage("qemu", "qemu wants one architecture");
    o.arch = find_arch(argv[optind]);
    if (o.arch == NULL)
        return EXIT_USAGE;
    int code = check(&o);
    if (code != EXIT_OK)
        return code;
    struct qemu_files files = { .image = "" };
    code = run_image(&o, &files);
    if (files.initramfs[0] != '\0')
        unlink(files.initramfs);
    if (files.ram[0] != '\0')
        unlink(files.ram);
    return code;
}

static const char help[] =
    "usage: axiom qemu ARCH [OPTION]...\n\n"
    "Runs the kernel for ARCH (x86_64, aarch64, riscv64) under QEMU; builds the image first.\n\n"
    "  --smp N          CPUs, 1 to 8 (1)\n"
    "  --mem SIZE       RAM: MiB, or 256M, 2G (512); 5 or more, x86_64 4\n"
    "  --bpf OBJECT     a BPF object to load and attach at boot; any number\n"
    "  --keyring FILE   whose signatures count (axiom bpf keygen)\n"
    "  --require-signed the kernel takes no program without a signature that counts\n"
    "  --trace FILE     replay this recording (axiom run --record) on the simulated machine, in "
    "the image\n"
    "  --record FILE    what the image records: of that, or on the board's own time\n"
    "  --stop-after MS  the kernel ends by itself so long after its boot\n"
    "  --machine TEXT   QEMU's machine and its options (q35; virt)\n"
    "  --append TEXT    more words for the kernel's command line\n"
    "  --test           the image with the kernel's own test suite\n"
    "  --headless       no window\n"
    "  --gdb            wait for gdb at port 1234\n\n"
    "Examples:\n"
    "  axiom qemu x86_64 --headless --smp 4 --test\n"
    "  axiom run button.csv --bind button=gpio/chip0/26 --bpf button_led.o --record sim.mcap\n"
    "  axiom qemu x86_64 --headless --trace sim.mcap --record image.mcap\n"
    "  axiom diff sim.mcap image.mcap\n";

const struct command command_qemu = {
    .name = "qemu",
    .summary = "run the kernel for another CPU under QEMU, also with a recording",
    .help = help,
    .run = run,
};
