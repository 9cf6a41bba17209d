/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Section names to attach targets. The grammar is DESIGN's: words between slashes, numbers behind
 * their words. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/context.h>
#include <bpf_glue/bpf_glue.h>

#include "link.h"

struct words {
    const char *at;
};

/* The next word between slashes into `word`; false at the end or if it is too long. */
static bool next_word(struct words *w, char *word, size_t size)
{
    if (*w->at == '\0')
        return false;
    const char *slash = strchr(w->at, '/');
    size_t length = slash != NULL ? (size_t)(slash - w->at) : strlen(w->at);
    if (length == 0 || length >= size)
        return false;
    memcpy(word, w->at, length);
    word[length] = '\0';
    w->at += length + (slash != NULL);
    return true;
}

/* "line17" with the prefix "line": 17. A number without leading zeros, at most `max`. */
static bool number_after(const char *word, const char *prefix, uint64_t max, uint64_t *out)
{
    size_t skip = strlen(prefix);
    if (strncmp(word, prefix, skip) != 0 || word[skip] == '\0')
        return false;
    uint64_t value = 0;
    for (const char *at = word + skip; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > max || (value == 0 && at[1] != '\0'))
            return false;
    }
    *out = value;
    return true;
}

static bool parse_gpio(struct words *w, struct attach_target *t, const char **hint)
{
    char word[EVENT_NAME_MAX];
    uint64_t chip, line;
    *hint = "gpio/chip0/line17/rising, /falling or /both (levels are not attach points yet)";
    if (!next_word(w, word, sizeof word) || !number_after(word, "chip", GPIO_CHIP_MAX - 1, &chip))
        return false;
    if (!next_word(w, word, sizeof word) || !number_after(word, "line", GPIO_LINE_MAX - 1, &line))
        return false;
    if (!next_word(w, word, sizeof word))
        return false;
    t->chip = (uint32_t)chip;
    t->line = (uint32_t)line;
    if (strcmp(word, "rising") == 0)
        t->edges = GPIO_EDGE_RISING;
    else if (strcmp(word, "falling") == 0)
        t->edges = GPIO_EDGE_FALLING;
    else if (strcmp(word, "both") == 0)
        t->edges = GPIO_EDGE_RISING | GPIO_EDGE_FALLING;
    else
        return false;
    return true;
}

static bool parse_pwm(struct words *w, struct attach_target *t, const char **hint)
{
    char word[EVENT_NAME_MAX];
    uint64_t chip, channel;
    *hint = "pwm/chip0/channel0";
    if (!next_word(w, word, sizeof word) || !number_after(word, "chip", PWM_CHIP_MAX - 1, &chip))
        return false;
    if (!next_word(w, word, sizeof word) ||
        !number_after(word, "channel", PWM_CHANNEL_MAX - 1, &channel))
        return false;
    t->chip = (uint32_t)chip;
    t->line = (uint32_t)channel;
    return true;
}

static bool parse_iio(struct words *w, struct attach_target *t, const char **hint)
{
    *hint = "iio/imu0/accel_x";
    return next_word(w, t->device, sizeof t->device) && next_word(w, t->channel, sizeof t->channel);
}

static bool parse_timer(struct words *w, struct attach_target *t, const char **hint)
{
    char word[EVENT_NAME_MAX];
    *hint = "timer/1000hz (1 to 100000) or timer/oneshot";
    if (!next_word(w, word, sizeof word))
        return false;
    if (strcmp(word, "oneshot") == 0)
        return true;
    size_t length = strlen(word);
    if (length < 3 || strcmp(word + length - 2, "hz") != 0)
        return false;
    word[length - 2] = '\0';
    return number_after(word, "", 100000, &t->rate_hz) && t->rate_hz > 0;
}

int attach_target_parse(const char *section, const struct bpf_context_layout *layout,
                        struct attach_target *out, char *reason, size_t reason_size)
{
    struct words w = { section + strlen(layout->section_prefix) };
    const char *hint = layout->section_prefix;
    bool good = true;
    *out = (struct attach_target){ .type = layout->attach_type };
    switch (layout->attach_type) {
    case BPF_ATTACH_GPIO:
        good = parse_gpio(&w, out, &hint);
        break;
    case BPF_ATTACH_IIO:
        good = parse_iio(&w, out, &hint);
        break;
    case BPF_ATTACH_TIMER:
        good = parse_timer(&w, out, &hint);
        break;
    case BPF_ATTACH_PWM:
        good = parse_pwm(&w, out, &hint);
        break;
    case BPF_ATTACH_GUARD_GPIO:
    case BPF_ATTACH_GUARD_PWM:
        break; /* the prefix says it all */
    default:
        good = false;
    }
    if (good && *w.at == '\0')
        return 0;
    format_text(reason, reason_size, "section '%s' names no attach point: say %s", section, hint);
    return -EINVAL;
}

int bpf_glue_check_section(const char *section, const struct bpf_context_layout *layout,
                           char *reason, size_t reason_size)
{
    struct attach_target target;
    return attach_target_parse(section, layout, &target, reason, reason_size);
}
