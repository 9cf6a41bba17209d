/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/option.h>
#include <internal/boot.h>

#define DIGITS_MAX 18u /* always fit 64 bits */

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

bool option_given(const char *wanted)
{
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
