/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Faults by script. The script is text, one rule a line, # begins a comment:
 *
 *   at 1.5s        nack         i2c@74000 byte=0    once, at the first occasion from then on
 *   from 1s to 2s  sensor-freeze imu0               at each occasion in that time
 *   every 100      lost-irq     gpio@d0000 output=1 at each 100th occasion
 *   random 1/500   bit-flip     i2c@74000 bit=3     at one of 500 occasions, by the seed
 *   at 2s          time-jump    by=100ms            virtual time leaps; what came due meanwhile is
 * late allocation 17                                   the kernel's 17th allocation fails
 *
 * A target is a model's node name or label. `count=N` ends a rule after N injections. Times take s,
 * ms, us, ns and a decimal fraction. An occasion is a model asking model_fault(): an address or
 * data byte on the bus for nack, an activation for lost-irq. Every injection is an EVENT_FAULT. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>

#include "internal.h"

struct fault_word {
    const char *name;
    const char *parameter; /* its key; NULL: takes none */
    bool is_time;
    bool matched; /* the model says what is at stake; a rule with another parameter is not meant */
};

static const struct fault_word fault_words[FAULT_KIND_COUNT] = {
    [FAULT_NACK] = { .name = "nack", .parameter = "byte", .matched = true },
    [FAULT_STUCK_LINE] = { .name = "stuck-line", .parameter = "line", .matched = true },
    [FAULT_BIT_FLIP] = { .name = "bit-flip", .parameter = "bit" },
    [FAULT_LOST_IRQ] = { .name = "lost-irq", .parameter = "output", .matched = true },
    [FAULT_LATE_IRQ] = { .name = "late-irq", .parameter = "delay", .is_time = true },
    [FAULT_FIFO_OVERRUN] = { .name = "fifo-overrun" },
    [FAULT_SENSOR_FREEZE] = { .name = "sensor-freeze" },
    [FAULT_CLOCK_STRETCH] = { .name = "clock-stretch", .parameter = "time", .is_time = true },
    [FAULT_ARB_LOST] = { .name = "arb-lost" },
};

/* --- injection --- */

static bool trigger_now(struct fault_rule *rule)
{
    uint64_t now = machine.clock.now_ns;
    rule->occasions++;
    switch (rule->trigger) {
    case FAULT_AT:
        return now >= rule->from_ns;
    case FAULT_WITHIN:
        return now >= rule->from_ns && now < rule->to_ns;
    case FAULT_EVERY:
        return rule->occasions % rule->every == 0;
    case FAULT_RANDOM:
        return rng_below(&machine.faults.rng, rule->denominator) < rule->numerator;
    }
    return false;
}

static void tell(const char *what, const char *target, uint64_t parameter)
{
    machine.faults.injected++;
    struct event event = { .kind = EVENT_FAULT };
    event.fault = (struct event_fault){ .what = what, .target = target, .parameter = parameter };
    model_emit(&machine.self_model, &event, EVENT_ROLE_OBSERVATION);
}

bool fault_due(struct model *model, enum fault_kind kind, uint64_t *parameter)
{
    struct faults *faults = &machine.faults;
    bool match = fault_words[kind].matched;
    for (uint32_t i = 0; i < faults->count; i++) {
        struct fault_rule *rule = &faults->rules[i];
        if (rule->kind != kind || rule->model != model || rule->left == 0 ||
            (match && rule->has_parameter && rule->parameter != *parameter) || !trigger_now(rule))
            continue;
        if (rule->left != UINT64_MAX)
            rule->left--;
        if (!match)
            *parameter = rule->parameter;
        tell(fault_words[kind].name, model->name, *parameter);
        return true;
    }
    return false;
}

bool model_fault(struct model *model, enum fault_kind kind, uint64_t *parameter)
{
    if (__builtin_expect((machine.faults.kinds & (1u << kind)) == 0, 1))
        return false;
    return fault_due(model, kind, parameter);
}

static void jump(struct model *self, struct model_timer *timer)
{
    (void)self;
    (void)timer;
    tell("time-jump", "machine", machine.faults.jump_by_ns);
    clock_advance(machine.clock.now_ns + machine.faults.jump_by_ns);
}

/* --- the script --- */

struct parser {
    const char *at, *line_end;
    uint32_t line;
    char word[EVENT_NAME_MAX];
};

static int complain(const struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int complain(const struct parser *parser, const char *format, ...)
{
    char text[SIM_REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    format_text_va(text, sizeof text, format, arguments);
    va_end(arguments);
    return machine_fail(-EINVAL, "fault script line %u: %s", parser->line, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word into parser->word, cut if it is very long; false at the line's end. */
static bool next_word(struct parser *parser)
{
    while (parser->at < parser->line_end && is_blank(*parser->at))
        parser->at++;
    size_t used = 0;
    while (parser->at < parser->line_end && !is_blank(*parser->at)) {
        if (used < sizeof parser->word - 1)
            parser->word[used++] = *parser->at;
        parser->at++;
    }
    parser->word[used] = '\0';
    return used > 0;
}

/* Digits to *out; what follows them. NULL: no digits, or too many. */
static const char *parse_digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (value > (UINT64_MAX - 9) / 10)
            return NULL;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *out = value;
    return at != text ? at : NULL;
}

static bool parse_number(const char *text, uint64_t *out)
{
    const char *end = parse_digits(text, out);
    return end != NULL && *end == '\0';
}

static uint64_t unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        { "s", NSEC_PER_SEC }, { "ms", NSEC_PER_MSEC }, { "us", NSEC_PER_USEC }, { "ns", 1 }
    };
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ns;
    }
    return 0;
}

/* "1.5s": digits below a nanosecond are dropped. */
static bool parse_time(const char *text, uint64_t *out_ns)
{
    uint64_t whole, fraction = 0, scale = 1;
    const char *at = parse_digits(text, &whole);
    if (at == NULL)
        return false;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++) {
            if (scale < NSEC_PER_SEC) {
                fraction = fraction * 10 + (uint64_t)(*at - '0');
                scale *= 10;
            }
        }
    }
    uint64_t unit = unit_ns(at);
    if (unit == 0 || whole > UINT64_MAX / 2 / unit)
        return false;
    *out_ns = whole * unit + fraction * unit / scale;
    return true;
}

static int parse_time_word(struct parser *parser, const char *what, uint64_t *out_ns)
{
    if (!next_word(parser))
        return complain(parser, "a time is missing after '%s'", what);
    if (!parse_time(parser->word, out_ns))
        return complain(parser, "'%s' is not a time such as 1.5s, 20ms, 3us or 7ns", parser->word);
    return 0;
}

static int parse_random(struct parser *parser, struct fault_rule *rule)
{
    uint64_t numerator, denominator;
    const char *at = next_word(parser) ? parse_digits(parser->word, &numerator) : NULL;
    if (at == NULL || *at != '/' || !parse_number(at + 1, &denominator) || denominator == 0 ||
        denominator > UINT32_MAX || numerator > denominator)
        return complain(parser, "'%s' is not a chance such as 1/500", parser->word);
    rule->trigger = FAULT_RANDOM;
    rule->numerator = (uint32_t)numerator;
    rule->denominator = (uint32_t)denominator;
    return 0;
}

static int parse_every(struct parser *parser, struct fault_rule *rule)
{
    uint64_t every;
    if (!next_word(parser) || !parse_number(parser->word, &every) || every == 0 ||
        every > UINT32_MAX)
        return complain(parser, "'%s' is not a count such as 100", parser->word);
    rule->trigger = FAULT_EVERY;
    rule->every = (uint32_t)every;
    return 0;
}

static int parse_within(struct parser *parser, struct fault_rule *rule)
{
    int err = parse_time_word(parser, "from", &rule->from_ns);
    if (err)
        return err;
    if (!next_word(parser) || strcmp(parser->word, "to") != 0)
        return complain(parser, "'to' is missing: from TIME to TIME");
    rule->trigger = FAULT_WITHIN;
    return parse_time_word(parser, "to", &rule->to_ns);
}

static int parse_trigger(struct parser *parser, struct fault_rule *rule)
{
    rule->left = UINT64_MAX;
    if (strcmp(parser->word, "at") == 0) {
        rule->trigger = FAULT_AT;
        rule->left = 1;
        return parse_time_word(parser, "at", &rule->from_ns);
    }
    if (strcmp(parser->word, "from") == 0)
        return parse_within(parser, rule);
    if (strcmp(parser->word, "every") == 0)
        return parse_every(parser, rule);
    if (strcmp(parser->word, "random") == 0)
        return parse_random(parser, rule);
    return complain(parser, "'%s' is not at, from, every, random or allocation", parser->word);
}

static int parse_kind(struct parser *parser, enum fault_kind *kind)
{
    for (uint32_t i = 0; i < FAULT_KIND_COUNT; i++) {
        if (strcmp(parser->word, fault_words[i].name) == 0) {
            *kind = (enum fault_kind)i;
            return 0;
        }
    }
    return complain(parser,
                    "'%s' is no fault; there are nack, stuck-line, bit-flip, lost-irq, late-irq, "
                    "fifo-overrun, sensor-freeze, clock-stretch, arb-lost and time-jump",
                    parser->word);
}

static int parse_target(struct parser *parser, const struct model **model)
{
    if (!next_word(parser))
        return complain(parser, "the device is missing");
    for (uint32_t i = 0; i < machine.binding_count; i++) {
        const struct model_binding *binding = &machine.bindings[i];
        if (binding->initialised && (strcmp(binding->model->name, parser->word) == 0 ||
                                     strcmp(binding->label, parser->word) == 0)) {
            *model = binding->model;
            return 0;
        }
    }
    return complain(parser, "no device with a model is called '%s'", parser->word);
}

/* The value of the word if its key is `key`; NULL otherwise. */
static const char *value_of(const struct parser *parser, const char *key)
{
    size_t length = key != NULL ? strlen(key) : 0;
    if (length == 0 || strncmp(parser->word, key, length) != 0 || parser->word[length] != '=')
        return NULL;
    return parser->word + length + 1;
}

static int parse_option(struct parser *parser, struct fault_rule *rule)
{
    const struct fault_word *word = &fault_words[rule->kind];
    const char *value = value_of(parser, "count");
    if (value != NULL)
        return parse_number(value, &rule->left) ? 0 : complain(parser, "count is not a number");
    value = value_of(parser, word->parameter);
    if (value == NULL)
        return complain(parser, "'%s': %s takes %s%scount=N", parser->word, word->name,
                        word->parameter != NULL ? word->parameter : "",
                        word->parameter != NULL ? "=... and " : "only ");
    rule->has_parameter = true;
    bool fine =
        word->is_time ? parse_time(value, &rule->parameter) : parse_number(value, &rule->parameter);
    return fine ? 0
                : complain(parser, "'%s' is not %s", value,
                           word->is_time ? "a time such as 2ms" : "a number");
}

static int parse_jump(struct parser *parser, const struct fault_rule *rule)
{
    struct faults *faults = &machine.faults;
    if (rule->trigger != FAULT_AT || faults->jump_by_ns != 0)
        return complain(parser, "time-jump is written once, and with 'at'");
    const char *value = next_word(parser) ? value_of(parser, "by") : NULL;
    if (value == NULL || !parse_time(value, &faults->jump_by_ns) || faults->jump_by_ns == 0)
        return complain(parser, "time-jump takes by=TIME");
    faults->jump_at_ns = rule->from_ns;
    if (next_word(parser))
        return complain(parser, "'%s': time-jump takes by=TIME only", parser->word);
    return 0;
}

static int parse_allocation(struct parser *parser)
{
    uint64_t *nth = &machine.faults.failing_allocation;
    if (!next_word(parser) || !parse_number(parser->word, nth) || *nth == 0)
        return complain(parser, "'%s' is not the number of an allocation", parser->word);
    if (next_word(parser))
        return complain(parser, "'%s': allocation takes a number only", parser->word);
    return 0;
}

static int parse_rule(struct parser *parser)
{
    if (!next_word(parser))
        return 0;
    if (strcmp(parser->word, "allocation") == 0)
        return parse_allocation(parser);
    struct fault_rule rule = { 0 };
    int err = parse_trigger(parser, &rule);
    if (err)
        return err;
    if (!next_word(parser))
        return complain(parser, "the kind of fault is missing");
    if (strcmp(parser->word, "time-jump") == 0)
        return parse_jump(parser, &rule);
    err = parse_kind(parser, &rule.kind);
    if (!err)
        err = parse_target(parser, &rule.model);
    while (!err && next_word(parser))
        err = parse_option(parser, &rule);
    if (err)
        return err;
    if (machine.faults.count == FAULT_RULE_MAX)
        return complain(parser, "more than %u rules", FAULT_RULE_MAX);
    machine.faults.rules[machine.faults.count++] = rule;
    machine.faults.kinds |= 1u << rule.kind;
    return 0;
}

static const char *line_end_of(const char *at)
{
    const char *end = strchr(at, '\n');
    return end != NULL ? end : at + strlen(at);
}

int fault_init(void)
{
    struct faults *faults = &machine.faults;
    *faults = (struct faults){ 0 };
    rng_init(&faults->rng, machine.config->seed, RNG_FAULT);
    const char *at = machine.config->fault_script;
    for (uint32_t line = 1; at != NULL && *at != '\0'; line++) {
        const char *end = line_end_of(at);
        const char *comment = memchr(at, '#', (size_t)(end - at));
        struct parser parser = { .at = at,
                                 .line_end = comment != NULL ? comment : end,
                                 .line = line };
        int err = parse_rule(&parser);
        if (err)
            return err;
        at = *end == '\n' ? end + 1 : end;
    }
    if (faults->jump_by_ns != 0)
        model_timer_set(&machine.self_model, &faults->jump, faults->jump_at_ns, jump);
    return 0;
}
