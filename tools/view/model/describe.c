/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Points in words. */
#include "format.h"
#include "model.h"

#include <inttypes.h>
#include <string.h>

static size_t put_bytes(char *to, size_t size, const uint8_t *bytes, uint32_t kept, uint32_t count)
{
    size_t used = 0;
    for (uint32_t i = 0; i < kept && used + 4 < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%02x", i > 0 ? " " : "", bytes[i]);
    if (kept < count && used + 4 < size)
        used += (size_t)snprintf(to + used, size - used, " …");
    return used;
}

/* What the transaction begins with. */
static size_t put_bus_head(const struct lane_bus *bus, bool brief, char *to, size_t size)
{
    switch (bus->protocol) {
    case LANE_SPI:
        return 0;
    case LANE_UART:
        if (bus->address >= 0x21 && bus->address < 0x7f)
            return (size_t)snprintf(to, size, brief ? "%c" : "'%c' 0x%02x", (char)bus->address,
                                    bus->address);
        return (size_t)snprintf(to, size, brief ? "%02x" : "0x%02x", bus->address);
    case LANE_CAN:
        return (size_t)snprintf(to, size, bus->extended ? "%08x" : "%03x", bus->address);
    default:
        return (size_t)snprintf(to, size, brief ? "%02x" : "address 0x%02x", bus->address);
    }
}

static void describe_bus(const uint8_t *extra, size_t extra_size, bool brief, char *to, size_t size)
{
    static const char *const wrong[] = { [LANE_I2C] = "NACK",
                                         [LANE_SPI] = "partial word",
                                         [LANE_UART] = "parity or framing error",
                                         [LANE_CAN] = "error" };
    struct lane_bus bus;
    if (extra_size < sizeof bus)
        return;
    memcpy(&bus, extra, sizeof bus);
    const uint8_t *at = extra + sizeof bus;
    const char *write = bus.protocol == LANE_CAN   ? "  "
                        : bus.protocol == LANE_SPI ? "MOSI "
                        : brief                    ? " W "
                                                   : "  write ";
    const char *read = bus.protocol == LANE_SPI ? " MISO " : brief ? " R " : "  read ";
    size_t used = put_bus_head(&bus, brief, to, size);
    if (bus.write_size > 0 && used + 8 < size) {
        used += (size_t)snprintf(to + used, size - used, "%s", write);
        used += put_bytes(to + used, size - used, at, bus.write_kept, bus.write_size);
    }
    if (bus.read_size > 0 && used + 8 < size) {
        used += (size_t)snprintf(to + used, size - used, "%s", read);
        used +=
            put_bytes(to + used, size - used, at + bus.write_kept, bus.read_kept, bus.read_size);
    }
    if (bus.error != 0 && bus.protocol < ARRAY_SIZE(wrong) && used + 4 < size)
        used += (size_t)snprintf(to + used, size - used, " %s", wrong[bus.protocol]);
    if (bus.duration_ns > 0 && !brief && used + 4 < size) {
        char text[32];
        format_duration(text, sizeof text, bus.duration_ns);
        snprintf(to + used, size - used, "  in %s", text);
    }
}

static void describe_run(const uint8_t *extra, size_t extra_size, int64_t flags, bool brief,
                         char *to, size_t size)
{
    struct lane_run run;
    if (extra_size < sizeof run)
        return;
    memcpy(&run, extra, sizeof run);
    const char *what = flags & LANE_FLAG_ERROR     ? " ended early"
                       : flags & LANE_FLAG_DROPPED ? " dropped"
                       : flags & LANE_FLAG_REFUSED ? " refused"
                                                   : "";
    if (brief) {
        snprintf(to, size, "%" PRId64 "%s", run.return_value, what);
        return;
    }
    size_t used =
        (size_t)snprintf(to, size, "returned %" PRId64 "%s, %" PRIu64 " instruction%s",
                         run.return_value, what, run.insn_count, run.insn_count == 1 ? "" : "s");
    if (run.duration_ns > 0 && used < size) {
        char text[32];
        format_duration(text, sizeof text, run.duration_ns);
        snprintf(to + used, size - used, ", %s", text);
    }
}

static void describe_pwm(const uint8_t *extra, size_t extra_size, char *to, size_t size)
{
    struct lane_pwm pwm;
    char rate[32];
    if (extra_size < sizeof pwm)
        return;
    memcpy(&pwm, extra, sizeof pwm);
    if (!pwm.enabled || pwm.period_ns == 0) {
        snprintf(to, size, "off");
        return;
    }
    format_hertz(rate, sizeof rate, 1e9 / (double)pwm.period_ns);
    snprintf(to, size, "%.4g %% of %s%s", (double)pwm.duty_ns * 100 / (double)pwm.period_ns, rate,
             pwm.inverted ? ", inverted" : "");
}

static void put(const struct model *model, struct model_lane *lane, uint64_t index, bool brief,
                char *to, size_t size)
{
    struct lane_point point;
    const uint8_t *extra;
    size_t extra_size;
    char raw[LANE_EXTRA_MAX + 1];
    to[0] = '\0';
    if (!lane_point_at(&lane->lane, index, &point, &extra, &extra_size))
        return;
    switch (lane->lane.kind) {
    case LANE_EDGE:
        snprintf(to, size, "%s%s", point.value & 1 ? "high" : "low",
                 brief             ? ""
                 : point.value & 2 ? ", driven by the chip"
                                   : ", driven from outside");
        break;
    case LANE_PWM:
        describe_pwm(extra, extra_size, to, size);
        break;
    case LANE_ANALOG:
        format_nano(to, size, point.value, lane->unit);
        break;
    case LANE_BUS:
        describe_bus(extra, extra_size, brief, to, size);
        break;
    case LANE_RUN:
        describe_run(extra, extra_size, point.value, brief, to, size);
        break;
    case LANE_STATE:
        snprintf(to, size, "%s", model_text_at(model, (uint32_t)point.value));
        break;
    default:
        if (extra_size > 0)
            memcpy(raw, extra, extra_size);
        raw[extra_size] = '\0';
        printable(to, size, raw);
        break;
    }
}

void model_describe(const struct model *model, struct model_lane *lane, uint64_t index, char *to,
                    size_t size)
{
    put(model, lane, index, false, to, size);
}

void model_label(const struct model *model, struct model_lane *lane, uint64_t index, char *to,
                 size_t size)
{
    put(model, lane, index, true, to, size);
}
