/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bind.h"

#include "cli.h"

#include <axiom/errno.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int binding_add_pair(struct binding_list *list, const char *channel, const char *device)
{
    struct binding *grown = realloc(list->at, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return complain(EXIT_IO, "no memory");
    list->at = grown;
    struct binding *b = &list->at[list->count];
    b->channel = strdup(channel);
    b->device = strdup(device[0] == '/' ? device + 1 : device);
    if (b->channel == NULL || b->device == NULL)
        return complain(EXIT_IO, "no memory");
    list->count++;
    return EXIT_OK;
}

int binding_add(struct binding_list *list, const char *text)
{
    char copy[256];
    const char *equals = strrchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0' || strlen(text) >= sizeof copy)
        return complain_usage(
            "run", "--bind wants CHANNEL=DEVICE, as in --bind 5=gpio/chip0/17, not '%s'", text);
    memcpy(copy, text, (size_t)(equals - text));
    copy[equals - text] = '\0';
    return binding_add_pair(list, copy, equals + 1);
}

void binding_free(struct binding_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i].channel);
        free(list->at[i].device);
    }
    free(list->at);
    *list = (struct binding_list){ 0 };
}

/* --- what the board offers ---------------------------------------------------------------------
 */

struct offer {
    struct sim_target_info info;
    char label[64];
};

struct offers {
    struct offer at[64];
    uint32_t count;
};

static void take_offer(void *context, const struct sim_target_info *info)
{
    struct offers *offers = context;
    if (offers->count == ARRAY_SIZE(offers->at))
        return;
    struct offer *offer = &offers->at[offers->count++];
    offer->info = *info;
    snprintf(offer->label, sizeof offer->label, "%s", info->label);
    offer->info.label = offer->label;
}

/* Splits "iio/sht31/temp" into the target "iio/sht31" and the quantity; a line's number is part of
 * its target. */
static bool device_split(const char *device, char *target, size_t size, int *quantity)
{
    *quantity = -1;
    snprintf(target, size, "%s", device);
    if (strlen(device) >= size)
        return false;
    if (strncmp(device, "iio/", 4) != 0)
        return true;
    char *slash = strchr(target + 4, '/');
    if (slash == NULL)
        return true;
    *slash = '\0';
    *quantity = iio_quantity_find(slash + 1);
    return *quantity >= 0;
}

static const struct offer *find_offer(const struct offers *offers, const char *target)
{
    const char *slash = strchr(target, '/');
    if (slash == NULL)
        return NULL;
    for (uint32_t i = 0; i < offers->count; i++) {
        const struct offer *offer = &offers->at[i];
        size_t kind_size = strlen(offer->info.kind), label_size = strlen(offer->label);
        if (kind_size != (size_t)(slash - target) ||
            memcmp(target, offer->info.kind, kind_size) != 0)
            continue;
        if (strncmp(slash + 1, offer->label, label_size) != 0)
            continue;
        const char *rest = slash + 1 + label_size;
        if (offer->info.line_count == 0) {
            if (*rest == '\0')
                return offer;
            continue;
        }
        char *end;
        unsigned long line = *rest == '/' ? strtoul(rest + 1, &end, 10) : ULONG_MAX;
        if (*rest == '/' && rest[1] != '\0' && *end == '\0' && line < offer->info.line_count)
            return offer;
    }
    return NULL;
}

static void print_offers(const struct offers *offers)
{
    fputs("axiom: this board has:", stderr);
    for (uint32_t i = 0; i < offers->count; i++) {
        const struct sim_target_info *info = &offers->at[i].info;
        if (info->line_count > 0)
            fprintf(stderr, " %s/%s/0..%u", info->kind, info->label, info->line_count - 1);
        else
            fprintf(stderr, " %s/%s", info->kind, info->label);
    }
    fputc('\n', stderr);
}

/* --- binding -----------------------------------------------------------------------------------
 */

static int64_t target_index(struct feed *feed, const char *target)
{
    for (uint32_t i = 0; i < feed->target_count; i++) {
        if (strcmp(feed->targets[i], target) == 0)
            return i;
    }
    char **grown = realloc(feed->targets, (feed->target_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    feed->targets = grown;
    feed->targets[feed->target_count] = strdup(target);
    return feed->targets[feed->target_count] != NULL ? (int64_t)feed->target_count++ : -1;
}

/* Whether what the channel holds means something to the device; the reason otherwise. */
static const char *misfit(const struct trace_channel *channel, const struct offer *offer,
                          int quantity)
{
    bool line = offer->info.line_count > 0;
    switch (channel->kind) {
    case TRACE_LEVEL:
        return line ? NULL : "the channel is a line with two levels, the device a sensor";
    case TRACE_SCAN:
        if (line)
            return "the channel holds samples of a sensor, the device is a line";
        return offer->info.takes_quantities ? NULL : "the device takes no physical quantities";
    case TRACE_SCALAR:
        if (line || quantity >= 0)
            return NULL;
        return "the channel is one number: say of what, as in iio/sht31/temp";
    case TRACE_I2C:
        return !line && (offer->info.takes_answers || offer->info.takes_transactions)
                   ? NULL
                   : "the channel is a bus, and the device serves no answers";
    default:
        break;
    }
    return "the channel is of a kind that drives nothing";
}

static int bind_channel(struct feed *feed, const struct offers *offers, uint32_t index,
                        const char *device, bool automatic)
{
    const struct trace_channel *channel = trace_channel_at(feed->source, index);
    char target[128];
    int quantity;
    bool split = device_split(device, target, sizeof target, &quantity);
    const struct offer *offer = split ? find_offer(offers, target) : NULL;
    const char *why = offer != NULL ? misfit(channel, offer, quantity) : NULL;
    if (offer == NULL || why != NULL) {
        if (automatic)
            return EXIT_OK;
        if (offer != NULL)
            return complain(EXIT_INPUT, "cannot bind '%s' to %s: %s", channel->name, device, why);
        complain(EXIT_INPUT, "cannot bind '%s' to %s: there is no such device", channel->name,
                 device);
        print_offers(offers);
        return EXIT_INPUT;
    }
    int64_t at = target_index(feed, target);
    if (at < 0)
        return complain(EXIT_IO, "no memory");
    feed->channel[index] = (struct feed_channel){
        .target = (int32_t)at,
        .takes_answers = channel->kind == TRACE_I2C,
        .takes_transactions = channel->kind == TRACE_I2C && offer->info.takes_transactions,
        .level_from_scalar = channel->kind == TRACE_SCALAR && offer->info.line_count > 0,
        .quantity = quantity,
    };
    return EXIT_OK;
}

static int complain_channel(const struct feed *feed, const char *name)
{
    complain(EXIT_INPUT, "the trace has no channel '%s'; it has:", name);
    for (uint32_t i = 0; i < feed->channel_count; i++)
        fprintf(stderr, "  %s\n", trace_channel_at(feed->source, i)->name);
    return EXIT_INPUT;
}

static int bind_named(struct feed *feed, const struct offers *offers,
                      const struct binding_list *bindings)
{
    for (size_t i = 0; i < bindings->count; i++) {
        int64_t index = trace_channel_find(feed->source, bindings->at[i].channel);
        if (index < 0)
            return complain_channel(feed, bindings->at[i].channel);
        int code = bind_channel(feed, offers, (uint32_t)index, bindings->at[i].device, false);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* Channels named like a device: "/gpio/chip0/17", and "/sensor/imu0" for iio/imu0. */
static int bind_by_name(struct feed *feed, const struct offers *offers)
{
    for (uint32_t i = 0; i < feed->channel_count; i++) {
        if (feed->channel[i].target >= 0)
            continue;
        const char *name = trace_channel_at(feed->source, i)->name;
        char device[128];
        if (*name == '/')
            name++;
        if (strncmp(name, "sensor/", 7) == 0)
            snprintf(device, sizeof device, "iio/%s", name + 7);
        else
            snprintf(device, sizeof device, "%s", name);
        int code = bind_channel(feed, offers, i, device, true);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

int feed_open(struct feed *feed, struct trace_source *source, const struct binding_list *bindings,
              const void *fdt, size_t fdt_size)
{
    *feed = (struct feed){ .source = source,
                           .channel_count = trace_channel_count(source),
                           .to_ns = TIME_NEVER };
    feed->channel = calloc(feed->channel_count + 1, sizeof *feed->channel);
    struct offers *offers = calloc(1, sizeof *offers);
    char reason[SIM_REASON_MAX] = "";
    int code = EXIT_OK;
    if (feed->channel == NULL || offers == NULL)
        code = complain(EXIT_IO, "no memory");
    else if (sim_list_targets(fdt, fdt_size, take_offer, offers, reason) != 0)
        code = complain(EXIT_INPUT, "the board: %s", reason);
    for (uint32_t i = 0; code == EXIT_OK && i < feed->channel_count; i++)
        feed->channel[i] = (struct feed_channel){ .target = -1, .quantity = -1 };
    if (code == EXIT_OK)
        code = bind_named(feed, offers, bindings);
    if (code == EXIT_OK)
        code = bind_by_name(feed, offers);
    free(offers);
    if (code != EXIT_OK)
        feed_close(feed);
    return code;
}

void feed_close(struct feed *feed)
{
    for (uint32_t i = 0; i < feed->target_count; i++)
        free(feed->targets[i]);
    free(feed->targets);
    free(feed->channel);
    feed->targets = NULL;
    feed->channel = NULL;
    feed->target_count = 0;
}

bool feed_takes_answers(const struct feed *feed)
{
    for (uint32_t i = 0; i < feed->channel_count; i++) {
        if (feed->channel[i].target >= 0 && feed->channel[i].takes_answers)
            return true;
    }
    return false;
}

/* --- the stream --------------------------------------------------------------------------------
 */

/* Levels that lines have at time 0 come first: the machine sets them before power-on. */
static bool next_initial(struct feed *feed, struct sim_input *out)
{
    while (feed->next_initial < feed->channel_count) {
        uint32_t i = feed->next_initial++;
        const struct trace_channel *channel = trace_channel_at(feed->source, i);
        if (feed->channel[i].target < 0 || channel->kind != TRACE_LEVEL ||
            channel->initial_level < 0)
            continue;
        *out = (struct sim_input){
            .target = (uint32_t)feed->channel[i].target,
            .kind = SIM_INPUT_LINE,
            .level = channel->initial_level != 0,
        };
        return true;
    }
    return false;
}

static bool fill_answer(const struct feed_channel *to, const struct trace_i2c *i2c,
                        struct sim_input *out)
{
    if (to->takes_transactions && !i2c->address_nack) {
        out->kind = SIM_INPUT_ANSWER;
        out->source_ns = i2c->start_ns;
        out->request = i2c->write_data;
        out->request_size = i2c->write_size;
        out->bytes = i2c->read_data;
        out->size = i2c->read_size;
        return true;
    }
    if (!i2c->has_read || i2c->address_nack || i2c->read_size == 0)
        return false;
    out->kind = SIM_INPUT_ANSWER;
    out->bytes = i2c->read_data;
    out->size = i2c->read_size;
    return true;
}

static bool fill_input(const struct feed_channel *to, const struct trace_channel *channel,
                       const struct trace_record *record, struct sim_input *out)
{
    switch (channel->kind) {
    case TRACE_LEVEL:
        out->kind = SIM_INPUT_LINE;
        out->level = record->level != 0;
        return true;
    case TRACE_SCALAR:
        if (to->level_from_scalar) {
            out->kind = SIM_INPUT_LINE;
            out->level = record->nano != 0;
            return true;
        }
        out->kind = SIM_INPUT_SENSOR;
        out->count = 1;
        out->quantity[0] = (uint8_t)to->quantity;
        out->nano[0] = record->nano;
        return true;
    case TRACE_SCAN:
        out->kind = SIM_INPUT_SENSOR;
        out->count = channel->scan_count;
        memcpy(out->quantity, channel->quantity, channel->scan_count);
        memcpy(out->nano, record->scan, channel->scan_count * sizeof record->scan[0]);
        return true;
    case TRACE_I2C:
        return fill_answer(to, &record->i2c, out);
    default: /* misfit() lets no other in */
        break;
    }
    return false;
}

int feed_next(void *context, struct sim_input *out)
{
    struct feed *feed = context;
    if (next_initial(feed, out))
        return 1;
    struct trace_record record;
    struct trace_error error;
    int got;
    while ((got = trace_next(feed->source, &record, &error)) == 1) {
        feed->record_number++;
        if (record.time_ns > feed->to_ns)
            return 0;
        if (record.type == TRACE_RECORD_GAP) {
            feed->gap_count++;
            feed->gap_ns += record.gap_ns;
            continue;
        }
        struct feed_channel *to = &feed->channel[record.channel];
        if (to->target < 0)
            continue;
        *out = (struct sim_input){
            .time_ns = record.time_ns,
            .source_ns = record.source_ns,
            .position = feed->record_number,
            .target = (uint32_t)to->target,
        };
        if (!fill_input(to, trace_channel_at(feed->source, record.channel), &record, out))
            continue;
        to->count++;
        return 1;
    }
    if (got < 0)
        feed->error = error;
    return got;
}

void feed_print(const struct feed *feed, FILE *to)
{
    uint32_t unbound = 0;
    for (uint32_t i = 0; i < feed->channel_count; i++) {
        const struct trace_channel *channel = trace_channel_at(feed->source, i);
        const struct feed_channel *c = &feed->channel[i];
        if (c->target < 0) {
            unbound++;
            continue;
        }
        fprintf(to, "bound     %-24s -> %s%s%s\n", channel->name, feed->targets[c->target],
                c->quantity >= 0 ? "/" : "",
                c->quantity >= 0 ? iio_quantity_name((uint32_t)c->quantity) : "");
    }
    if (unbound == 0)
        return;
    fprintf(to, "not bound ");
    uint32_t shown = 0;
    for (uint32_t i = 0; i < feed->channel_count && shown < 8; i++) {
        if (feed->channel[i].target < 0)
            fprintf(to, "%s%s", shown++ ? ", " : "", trace_channel_at(feed->source, i)->name);
    }
    if (unbound > shown)
        fprintf(to, " and %u more", unbound - shown);
    fputc('\n', to);
}
