/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf init NAME: a folder with a program that builds, verifies and runs.
 * axiom bpf build FILE.bpf.c: the compiler, called as Axiom's own build calls it. */
#include "bpf_verb.h"

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program_text[] = "/* Drives a LED on line 17 by a button on line 26. */\n"
                                   "#include <axiom/bpf.h>\n"
                                   "\n"
                                   "char LICENSE[] SEC(\"license\") = \"Dual MIT/GPL\";\n"
                                   "\n"
                                   "struct {\n"
                                   "    __uint(type, BPF_MAP_TYPE_ARRAY);\n"
                                   "    __uint(max_entries, 1);\n"
                                   "    __type(key, uint32_t);\n"
                                   "    __type(value, uint64_t);\n"
                                   "} presses SEC(\".maps\");\n"
                                   "\n"
                                   "SEC(\"gpio/chip0/line26/both\")\n"
                                   "int button(struct axiom_gpio_ctx *context)\n"
                                   "{\n"
                                   "    uint32_t key = 0;\n"
                                   "    uint64_t *count = bpf_map_lookup_elem(&presses, &key);\n"
                                   "    if (count != NULL && context->level)\n"
                                   "        *count += 1;\n"
                                   "    bpf_gpio_set(0, 17, context->level != 0);\n"
                                   "    return 0;\n"
                                   "}\n";

static const char make_text[] = "# make         compiles and verifies\n"
                                "# make sign    signs with KEY (axiom bpf keygen mykey)\n"
                                "AXIOM ?= axiom\n"
                                "KEY ?= mykey.key\n"
                                "\n"
                                "%s.o: %s.bpf.c\n"
                                "\t$(AXIOM) bpf build $< -o $@\n"
                                "\t$(AXIOM) bpf verify $@\n"
                                "\n"
                                "sign: %s.o\n"
                                "\t$(AXIOM) bpf sign --key $(KEY) $<\n"
                                "\n"
                                "clean:\n"
                                "\trm -f %s.o\n"
                                "\n"
                                ".PHONY: sign clean\n";

static int write_text(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wx");
    bool ok = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0)
        ok = false;
    if (!ok)
        return complain(EXIT_IO, "%s cannot be made: %m", path);
    printf("%s\n", path);
    return EXIT_OK;
}

static bool is_plain_name(const char *name)
{
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && length < 100 && name[length] == '\0' && name[0] != '-';
}

int bpf_init_verb(int argc, char **argv, const struct bpf_options *options)
{
    (void)argc;
    (void)options;
    char file[256], make[sizeof make_text + 512];
    if (!is_plain_name(argv[0]))
        return complain_usage("bpf", "bpf init wants a name of letters, digits, _ and -");
    if (mkdir(argv[0], 0777) != 0)
        return complain(EXIT_IO, "%s cannot be made: %m", argv[0]);
    snprintf(file, sizeof file, "%s.bpf.c", argv[0]);
    snprintf(make, sizeof make, make_text, argv[0], argv[0], argv[0], argv[0]);
    int code = write_text(argv[0], file, program_text);
    if (code == EXIT_OK)
        code = write_text(argv[0], "Makefile", make);
    if (code == EXIT_OK)
        printf("now: make -C %s\n", argv[0]);
    return code;
}

/* --- build --- */

/* The folder of axiom/bpf.h: told by $AXIOM_INCLUDE, else beside this program, else the sources that
 * it was built from. */
static const char *include_folder(void)
{
    static char path[4096];
    const char *told = getenv("AXIOM_INCLUDE");
    if (told != NULL)
        return told;
    char self[2048];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = NULL;
    if (length > 0) {
        self[length] = '\0';
        slash = strrchr(self, '/');
    }
    if (slash != NULL) {
        *slash = '\0';
        char header[4096];
        snprintf(path, sizeof path, "%s/../include", self);
        snprintf(header, sizeof header, "%.4000s/axiom/bpf.h", path);
        if (access(header, R_OK) == 0)
            return path;
    }
    return AXIOM_UAPI_INCLUDE;
}

static int run(char *const *words)
{
    pid_t child = fork();
    int status;
    if (child < 0)
        return complain(EXIT_IO, "%s cannot be started: %m", words[0]);
    if (child == 0) {
        execvp(words[0], words);
        fprintf(stderr, "axiom: %s cannot be started: %m (set CLANG)\n", words[0]);
        _exit(127);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return complain(EXIT_IO, "%s ended badly", words[0]);
    if (WEXITSTATUS(status) == 127)
        return EXIT_IO;
    return WEXITSTATUS(status) == 0 ? EXIT_OK : EXIT_INPUT;
}

int bpf_build_verb(int argc, char **argv, const struct bpf_options *options)
{
    (void)argc;
    const char *output = options->output;
    char object[4096], include[4200], clang[512];
    if (output == NULL) {
        const char *end = strstr(argv[0], ".bpf.c");
        size_t length = end != NULL && end[6] == '\0' ? (size_t)(end - argv[0]) : strlen(argv[0]);
        if (length == strlen(argv[0]) && length > 2 && strcmp(argv[0] + length - 2, ".c") == 0)
            length -= 2;
        if (length == strlen(argv[0]) || length + 3 > sizeof object)
            return complain(EXIT_USAGE, "%s is no C file", argv[0]);
        snprintf(object, sizeof object, "%.*s.o", (int)length, argv[0]);
        output = object;
    }
    int code = refuse_same_file(argv[0], output);
    if (code != EXIT_OK)
        return code;
    const char *told = getenv("CLANG");
    snprintf(clang, sizeof clang, "%s", told != NULL ? told : AXIOM_CLANG);
    snprintf(include, sizeof include, "-I%s", include_folder());
    char *const words[] = { clang,
                            (char[]){ "-target" },
                            (char[]){ "bpf" },
                            (char[]){ "-mcpu=v3" },
                            (char[]){ "-O2" },
                            (char[]){ "-g" },
                            (char[]){ "-Wall" },
                            include,
                            (char[]){ "-c" },
                            argv[0],
                            (char[]){ "-o" },
                            (char *)(uintptr_t)output,
                            NULL };
    return run(words);
}
