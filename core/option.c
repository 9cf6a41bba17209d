/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The command line: words between blanks. All that any part of an image knows are in one table, so that a boot can
 * name what nobody will read: a word that is spelt wrong would otherwise be a silence. */
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/option.h>
#include <internal/boot.h>

#define DIGITS_MAX  18u /* always fit 64 bits */
#define NAMED_MAX   8u  /* unknown words; a Raspberry Pi's firmware adds dozens of Linux's */
#define NAMED_BYTES 48u

static const struct known {
    const char *word;
    bool has_value; /* word=VALUE */
} known[] = {
    { "bench-shift", true }, /* tests/bench/image */
    { "bpf.engine=interp", false },
    { "bpf.engine=jit", false },
    { "bpf.ignore_budget", false },
    { "bpf.require_signed", false },
    { "bpf.required", false },
    { "bpf.start_ns", true },
    { "exit=debug", false }, /* the ports' */
    { "gpio.poll_us", true },
    { "ktest", true },   /* tests/kernel */
    { "record", false }, /* a board's recorder */
    { "record.print", false },
    { "rp1.keep", false },
    { "stop_after_ms", true },
};

/* The next word from *line on; its length, 0 at the end. */
static size_t next_word(const char **line, const char **word)
{
    while (**line == ' ')
        (*line)++;
    *word = *line;
    while (**line != '\0' && **line != ' ')
        (*line)++;
    return (size_t)(*line - *word);
}

static bool is_known(const char *word, size_t size)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(known); i++) {
        size_t length = strlen(known[i].word);
        if (size >= length && memcmp(word, known[i].word, length) == 0 &&
            (known[i].has_value ? size > length && word[length] == '=' : size == length))
            return true;
    }
    return false;
}

/* Who asks for a word puts it into the table. */
static bool asked_for_is_known(const char *name, bool has_value)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i].has_value == has_value && strcmp(known[i].word, name) == 0)
            return true;
    }
    return false;
}

static void name_word(const char *word, size_t size)
{
    char text[NAMED_BYTES + 1];
    bool cut = size > NAMED_BYTES;
    if (cut)
        size = NAMED_BYTES;
    for (size_t i = 0; i < size; i++)
        text[i] = word[i] > ' ' && word[i] < 0x7f ? word[i] : '?';
    text[size] = '\0';
    log_warning("command line: '%s%s' is not known", text, cut ? "..." : "");
}

void option_name_unknown(void)
{
    const char *line = boot_info()->command_line, *word;
    uint32_t count = 0;
    size_t size;
    while ((size = next_word(&line, &word)) != 0) {
        if (is_known(word, size))
            continue;
        if (count++ < NAMED_MAX)
            name_word(word, size);
    }
    if (count > NAMED_MAX)
        log_warning("command line: %u more words are not known", count - NAMED_MAX);
}

bool option_given(const char *wanted)
{
    BUG_ON(!asked_for_is_known(wanted, false));
    const char *line = boot_info()->command_line, *word;
    size_t length = strlen(wanted), size;
    while ((size = next_word(&line, &word)) != 0) {
        if (size == length && memcmp(word, wanted, size) == 0)
            return true;
    }
    return false;
}

static bool number(const char *digits, size_t count, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *out = value;
    return count != 0 && count <= DIGITS_MAX;
}

bool option_number(const char *name, uint64_t least, uint64_t most, uint64_t *out)
{
    BUG_ON(!asked_for_is_known(name, true));
    const char *line = boot_info()->command_line, *word;
    size_t length = strlen(name), size;
    while ((size = next_word(&line, &word)) != 0) {
        if (size <= length || memcmp(word, name, length) != 0 || word[length] != '=')
            continue;
        if (number(word + length + 1, size - length - 1, out) && *out >= least && *out <= most)
            return true;
        log_warning("%s on the command line is a number from %llu to %llu; ignored", name,
                    (unsigned long long)least, (unsigned long long)most);
        return false;
    }
    return false;
}
