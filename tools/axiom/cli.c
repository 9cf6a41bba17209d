/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli.h"
#include "clean.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_SIZE_MAX (1u << 20)

static char complaint[CLEAN_MAX];

const char *last_complaint(void)
{
    return complaint;
}

int complain(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    struct clean text; /* names come out of files and command lines */
    fflush(stdout);    /* what was said before comes before, also where both lead to one file */
    fprintf(stderr, "axiom: %s\n", clean(&text, complaint));
    return code;
}

int complain_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("axiom: ", stderr);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nTry: axiom %s --help\n", command);
    va_end(arguments);
    return EXIT_USAGE;
}

int wrong_option(const char *command)
{
    fprintf(stderr, "Try: axiom %s --help\n", command);
    return EXIT_USAGE;
}

static const char *option_name(const struct option *options, int letter)
{
    while (options->name != NULL && options->val != letter)
        options++;
    return options->name;
}

int refuse_options(const char *command, const struct option *options, const char *given,
                   const struct verb_options *verb)
{
    for (; *given != '\0'; given++) {
        if (strchr(verb->letters, *given) != NULL)
            continue;
        complain(EXIT_USAGE, "%s %s has no option --%s", command, verb->name,
                 option_name(options, *given));
        fprintf(stderr, "usage: axiom %s %s %s\n", command, verb->name, verb->usage);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int read_whole_file(const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return complain(EXIT_INPUT, "%s: %s", path[0] != '\0' ? path : "''", strerror(errno));
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(file);
        return complain(EXIT_INPUT, "%s is a folder, not a file", path);
    }
    size_t capacity = 65536, used = 0;
    uint8_t *buffer = malloc(capacity);
    int code = EXIT_OK;
    while (buffer != NULL) {
        size_t got = fread(buffer + used, 1, capacity - used, file);
        used += got;
        if (got == 0)
            break;
        if (used > limit) {
            code = complain(EXIT_INPUT,
                            "%s: larger than %s bytes, which is more than any such file has", path,
                            grouped(limit));
            break;
        }
        if (used == capacity) {
            uint8_t *grown = realloc(buffer, capacity *= 2);
            if (grown == NULL)
                free(buffer);
            buffer = grown;
        }
    }
    if (buffer == NULL)
        code = complain(EXIT_IO, "%s: no memory to read it", path);
    else if (code == EXIT_OK && ferror(file))
        code = complain(EXIT_INPUT, "%s: offset %zu: %s", path, used, strerror(errno));
    fclose(file);
    if (code != EXIT_OK) {
        free(buffer);
        return code;
    }
    *bytes = buffer;
    *size = used;
    return EXIT_OK;
}

int refuse_same_file(const char *from, const char *to)
{
    struct stat a, b;
    if (from == NULL || to == NULL || stat(from, &a) != 0 || stat(to, &b) != 0 ||
        !S_ISREG(b.st_mode) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return EXIT_OK;
    return complain(EXIT_USAGE, "%s is what is read: it would be overwritten; name another file",
                    to);
}

int read_whole_text(const char *path, char **out)
{
    uint8_t *bytes;
    size_t size;
    if (path == NULL)
        return EXIT_OK;
    int code = read_whole_file(path, TEXT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    *out = strndup((const char *)bytes, size);
    free(bytes);
    return *out != NULL ? EXIT_OK : complain(EXIT_IO, "no memory");
}

bool parse_u64(const char *option, const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (text[0] == '-' || text[0] == '\0' || *end != '\0' || errno != 0 || value > max) {
        complain(EXIT_USAGE, "%s wants a number from 0 to %" PRIu64 ", not '%s'", option, max,
                 text);
        return false;
    }
    *out = value;
    return true;
}

#define BUFFER_SIZE 64

static char *next_buffer(void)
{
    static char buffers[12][BUFFER_SIZE];
    static unsigned next;
    return buffers[next++ % ARRAY_SIZE(buffers)];
}

const char *grouped(uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *to = next_buffer(), *at = to;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return to;
}

const char *counted(uint64_t count, const char *noun)
{
    char *to = next_buffer();
    snprintf(to, BUFFER_SIZE, "%s %s%s", grouped(count), noun, count == 1 ? "" : "s");
    return to;
}

const char *seconds_text(uint64_t ns)
{
    char *to = next_buffer();
    if (ns >= 1000000000)
        snprintf(to, BUFFER_SIZE, "%" PRIu64 ".%03" PRIu64 " s", ns / 1000000000,
                 ns / 1000000 % 1000);
    else if (ns >= 1000000)
        snprintf(to, BUFFER_SIZE, "%" PRIu64 ".%03" PRIu64 " ms", ns / 1000000, ns / 1000 % 1000);
    else
        snprintf(to, BUFFER_SIZE, "%" PRIu64 ".%03" PRIu64 " us", ns / 1000, ns % 1000);
    return to;
}
