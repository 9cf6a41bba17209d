/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Attach points: which links run at which line, channel, sensor, timer.
 *
 * Links are attached at boot and detached at the end; in between the lists do not change, so the
 * hooks read them without a lock. A link's program may be replaced meanwhile (replace.c). Links at
 * one point run in the order in which they were attached. A guard's or policy's first refusal ends
 * the round. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/context.h>
#include <core/attach_hooks.h>
#include <core/mm.h>

#include "link.h"

static struct {
    struct attach_hooks hooks;
    struct list_head all;
    struct list_head gpio[GPIO_CHIP_MAX][GPIO_LINE_MAX];
    struct list_head iio[IIO_DEVICE_MAX];
    struct list_head pwm[PWM_CHIP_MAX][PWM_CHANNEL_MAX];
    struct list_head guard_gpio, guard_pwm;
    uint32_t count;
} table;

/* --- the hooks --------------------------------------------------------------------------------- */

static void on_gpio_edge(struct gpio_chip *chip, uint32_t line, enum gpio_edge edge,
                         uint64_t bank_level, uint64_t time_ns)
{
    struct bpf_link *link;
    list_for_each_entry(link, &table.gpio[chip->index][line], point) {
        if ((link->target.edges & edge) == 0)
            continue;
        uint32_t bank = gpio_bank_of(chip, line);
        struct axiom_gpio_ctx context = {
            .time_ns = time_ns,
            .chip = chip->index,
            .line = line,
            .edge = edge == GPIO_EDGE_RISING ? AXIOM_GPIO_RISING : AXIOM_GPIO_FALLING,
            .level = bank_level >> (line - chip->bank_first[bank]) & 1,
            .bank = bank,
            .bank_level = bank_level,
            .sequence = ++link->sequence,
        };
        int error;
        link_run(link, (uint64_t *)&context, &error);
    }
}

/* A guard that cannot answer refuses: what it would have allowed is not known. */
static int verdict(struct bpf_link *link, uint64_t *slots)
{
    int error;
    uint64_t r0 = link_run(link, slots, &error);
    return error != 0 ? -EPERM : bpf_result_errno(r0);
}

static uint64_t origin_now(void)
{
    return run_is_inside() ? AXIOM_ORIGIN_BPF : AXIOM_ORIGIN_KERNEL;
}

static int on_guard_gpio(struct gpio_chip *chip, uint32_t line, bool old_level, bool level,
                         const char *origin)
{
    (void)origin;
    struct bpf_link *link;
    list_for_each_entry(link, &table.guard_gpio, point) {
        struct axiom_guard_gpio_ctx context = {
            .time_ns = ktime_get_ns(),
            .chip = chip->index,
            .line = line,
            .origin = origin_now(),
            .old_level = old_level,
            .level = level,
        };
        link->sequence++;
        int err = verdict(link, (uint64_t *)&context);
        if (err)
            return err;
    }
    return 0;
}

static struct axiom_pwm_ctx pwm_context(const struct pwm_chip *chip, uint32_t channel,
                                        const struct pwm_state *old, const struct pwm_state *wanted)
{
    return (struct axiom_pwm_ctx){
        .time_ns = ktime_get_ns(),
        .chip = chip->index,
        .channel = channel,
        .origin = origin_now(),
        .old_period_ns = old->period_ns,
        .old_duty_ns = old->duty_ns,
        .old_polarity = old->inverted,
        .old_enabled = old->enabled,
        .period_ns = wanted->period_ns,
        .duty_ns = wanted->duty_ns,
        .polarity = wanted->inverted,
        .enabled = wanted->enabled,
    };
}

static int on_policy_pwm(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *old,
                         struct pwm_state *wanted, const char *origin)
{
    (void)origin;
    struct bpf_link *link;
    list_for_each_entry(link, &table.pwm[chip->index][channel], point) {
        struct axiom_pwm_ctx context = pwm_context(chip, channel, old, wanted);
        link->sequence++;
        int err = verdict(link, (uint64_t *)&context);
        if (err)
            return err;
        *wanted = (struct pwm_state){ context.period_ns, context.duty_ns, context.enabled != 0,
                                      context.polarity != 0 };
    }
    return 0;
}

static int on_guard_pwm(struct pwm_chip *chip, uint32_t channel, const struct pwm_state *old,
                        const struct pwm_state *wanted, const char *origin)
{
    (void)origin;
    struct bpf_link *link;
    list_for_each_entry(link, &table.guard_pwm, point) {
        struct axiom_pwm_ctx context = pwm_context(chip, channel, old, wanted);
        link->sequence++;
        int err = verdict(link, (uint64_t *)&context);
        if (err)
            return err;
    }
    return 0;
}

static uint32_t on_iio_scan(struct iio_device *device, const int32_t *raw, const int64_t *nano,
                            uint64_t timestamp_ns)
{
    uint32_t dropped = 0;
    struct bpf_link *link;
    list_for_each_entry(link, &table.iio[device->index], point) {
        uint32_t at = link->iio_channel;
        if (dropped >> at & 1)
            continue; /* an earlier filter dropped it: nobody sees it any more */
        struct axiom_iio_ctx context = {
            .time_ns = timestamp_ns,
            .device = device->index,
            .channel = device->channels[at].quantity,
            .value = raw[at],
            .scale_nano = (device->channels[at].scale_pico + 500) / 1000,
            .nano = nano[at],
            .sequence = ++link->sequence,
        };
        int error;
        uint64_t r0 = link_run(link, (uint64_t *)&context, &error);
        /* A filter that failed keeps the sample: nothing recorded is lost. */
        if (error == 0 && !bpf_result_keeps(r0))
            dropped |= 1u << at;
    }
    return dropped;
}

/* Expiry n is at started + n / rate, never accumulated. */
static uint64_t expiry_ns(const struct bpf_link *link, uint64_t n)
{
    return link->started_ns + n * NSEC_PER_SEC / link->target.rate_hz;
}

static void on_timer(struct timer *timer, void *argument)
{
    struct bpf_link *link = argument;
    uint64_t rate_hz = link->target.rate_hz;
    struct axiom_timer_ctx context = {
        .scheduled_ns = timer->expires_ns,
        .now_ns = ktime_get_ns(),
        .number = link->number,
        .period_ns = rate_hz != 0 ? NSEC_PER_SEC / rate_hz : 0,
        .sequence = ++link->sequence,
    };
    struct event event = {
        .kind = EVENT_TIMER,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OBSERVATION,
        .timer = { .timer = link->number, .scheduled_ns = context.scheduled_ns },
    };
    event_emit(&event);
    int error;
    link_run(link, (uint64_t *)&context, &error);
    if (rate_hz != 0)
        timer_start(timer, expiry_ns(link, ++link->fired_count + 1));
}

/* --- attaching --------------------------------------------------------------------------------- */

void link_table_init(void)
{
    memset(&table, 0, sizeof table);
    list_init(&table.all);
    for (uint32_t chip = 0; chip < GPIO_CHIP_MAX; chip++) {
        for (uint32_t line = 0; line < GPIO_LINE_MAX; line++)
            list_init(&table.gpio[chip][line]);
    }
    for (uint32_t chip = 0; chip < PWM_CHIP_MAX; chip++) {
        for (uint32_t channel = 0; channel < PWM_CHANNEL_MAX; channel++)
            list_init(&table.pwm[chip][channel]);
    }
    for (uint32_t device = 0; device < IIO_DEVICE_MAX; device++)
        list_init(&table.iio[device]);
    list_init(&table.guard_gpio);
    list_init(&table.guard_pwm);
}

uint32_t link_count(void)
{
    return table.count;
}

struct bpf_link *link_at(uint32_t number)
{
    struct bpf_link *link;
    list_for_each_entry(link, &table.all, all) {
        if (link->number == number)
            return link;
    }
    return NULL;
}

static int attach_gpio(struct bpf_link *link, char *reason, size_t size)
{
    const struct attach_target *t = &link->target;
    struct gpio_chip *chip = gpio_chip_find(t->chip);
    if (chip == NULL || t->line >= chip->line_count) {
        format_text(reason, size, "there is no gpio/chip%u/line%u on this board", t->chip, t->line);
        return -ENODEV;
    }
    int err = 0;
    if (!gpio_is_output(t->chip, t->line)) /* an output's edges may be watched, too */
        err = gpio_direction_input(t->chip, t->line, GPIO_PULL_NONE);
    if (!err)
        err = gpio_edges_get(t->chip, t->line, t->edges);
    if (err) {
        format_text(reason, size, "gpio/chip%u/line%u gives no edges (error %d)", t->chip, t->line,
                    err);
        return err;
    }
    list_add_tail(&link->point, &table.gpio[t->chip][t->line]);
    table.hooks.gpio_edge = on_gpio_edge;
    return 0;
}

static int attach_pwm(struct bpf_link *link, char *reason, size_t size)
{
    const struct attach_target *t = &link->target;
    struct pwm_chip *chip = pwm_chip_find(t->chip);
    if (chip == NULL || t->line >= chip->channel_count) {
        format_text(reason, size, "there is no pwm/chip%u/channel%u on this board", t->chip,
                    t->line);
        return -ENODEV;
    }
    list_add_tail(&link->point, &table.pwm[t->chip][t->line]);
    table.hooks.policy_pwm = on_policy_pwm;
    return 0;
}

static int attach_iio(struct bpf_link *link, char *reason, size_t size)
{
    const struct attach_target *t = &link->target;
    struct iio_device *device = iio_device_find(t->device);
    if (device == NULL) {
        format_text(reason, size, "there is no IIO device '%s' on this board", t->device);
        return -ENODEV;
    }
    for (uint32_t i = 0; i < device->channel_count; i++) {
        if (strcmp(iio_quantity_name(device->channels[i].quantity), t->channel) == 0) {
            link->iio_device = device->index;
            link->iio_channel = i;
            list_add_tail(&link->point, &table.iio[device->index]);
            table.hooks.iio_scan = on_iio_scan;
            return 0;
        }
    }
    format_text(reason, size, "IIO device '%s' has no channel '%s'; its first is '%s'", t->device,
                t->channel,
                device->channel_count ? iio_quantity_name(device->channels[0].quantity) : "");
    return -ENODEV;
}

void link_go_live(void)
{
    uint64_t now_ns = ktime_get_ns();
    attach_hooks = &table.hooks;
    struct bpf_link *link;
    list_for_each_entry(link, &table.all, all) {
        if (link->target.type != BPF_ATTACH_TIMER)
            continue;
        link->started_ns = now_ns;
        timer_start(&link->timer, link->target.rate_hz ? expiry_ns(link, 1) : now_ns);
    }
}

static int attach_at(struct bpf_link *link, char *reason, size_t size)
{
    switch (link->target.type) {
    case BPF_ATTACH_GPIO:
        return attach_gpio(link, reason, size);
    case BPF_ATTACH_IIO:
        return attach_iio(link, reason, size);
    case BPF_ATTACH_TIMER:
        timer_init(&link->timer, on_timer, link);
        return 0;
    case BPF_ATTACH_PWM:
        return attach_pwm(link, reason, size);
    case BPF_ATTACH_GUARD_GPIO:
        list_add_tail(&link->point, &table.guard_gpio);
        table.hooks.guard_gpio = on_guard_gpio;
        return 0;
    case BPF_ATTACH_GUARD_PWM:
        list_add_tail(&link->point, &table.guard_pwm);
        table.hooks.guard_pwm = on_guard_pwm;
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

int link_attach(const struct bpf_prog *prog, const char *section, char *reason, size_t reason_size)
{
    struct attach_target target;
    int err = attach_target_parse(section, bpf_prog_context(prog), &target, reason, reason_size);
    if (err)
        return err;
    struct bpf_link *link = kzalloc(sizeof *link);
    if (link == NULL) {
        format_text(reason, reason_size, "no memory for the link of '%s'", section);
        return -ENOMEM;
    }
    link->prog = prog;
    link->slot_count = bpf_prog_context(prog)->slot_count;
    link->target = target;
    link->number = table.count;
    string_copy(link->attach_point, sizeof link->attach_point, section);
    list_init(&link->point);
    err = attach_at(link, reason, reason_size);
    if (err) {
        kfree(link);
        return err;
    }
    list_add_tail(&link->all, &table.all);
    table.count++;
    return 0;
}

static void detach(struct bpf_link *link)
{
    if (link->target.type == BPF_ATTACH_TIMER)
        timer_cancel_sync(&link->timer);
    if (link->target.type == BPF_ATTACH_GPIO)
        gpio_edges_put(link->target.chip, link->target.line, link->target.edges);
    list_del(&link->point);
    list_del(&link->all);
    bpf_prog_destroy((struct bpf_prog *)link->prog);
    kfree(link);
}

void link_detach_from(uint32_t first)
{
    struct bpf_link *link, *after;
    list_for_each_entry_safe(link, after, &table.all, all) {
        if (link->number >= first)
            detach(link);
    }
    table.count = first;
}

void link_table_exit(void)
{
    attach_hooks = NULL;
    link_detach_from(0);
}
