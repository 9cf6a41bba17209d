/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The importers on real recordings (shared/traces), against facts that do not come from this code:
 * what the CNC was told in G-code, CRCs that a sensor computed, what other people's readers count.
 */
#include <traces/info.h>
#include <traces/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <tests/shared.h>

static struct trace_source *open_with(const char *name, const char *const *word, size_t count)
{
    static char path[512];
    if (!shared_path(name, path, sizeof path))
        return NULL;
    struct trace_options options = { word, count };
    struct trace_source *source;
    struct trace_error error;
    int err = trace_open(path, &options, &source, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return source;
}

static bool next(struct trace_source *source, struct trace_record *record)
{
    struct trace_error error;
    int got = trace_next(source, record, &error);
    ck_assert_msg(got >= 0, "%s", error.text);
    return got == 1;
}

static uint32_t channel(const struct trace_source *source, const char *name)
{
    int64_t index = trace_channel_find(source, name);
    ck_assert_msg(index >= 0, "no channel %s", name);
    return (uint32_t)index;
}

/* --- smoothieware: step and direction lines of a CNC --- */

enum { Y_STEP = 3, Y_DIR = 4, X_STEP = 5, X_DIR = 6 };

/* Sample k of 12 MHz. */
static uint64_t at_12_mhz(uint64_t k)
{
    return k * 1000 / 12;
}

START_TEST(a_cnc_makes_the_steps_its_program_asks_for)
{
    struct trace_source *source = open_with("traces/sigrok_smoothieware/smoothieware.sr", NULL, 0);
    if (source == NULL)
        return;
    ck_assert_uint_eq(trace_channel_count(source), 8);
    ck_assert_uint_eq(trace_channel_at(source, X_STEP)->rate_millihertz, UINT64_C(12000000000));
    ck_assert_uint_eq(trace_end_ns(source), UINT64_C(100000000) * 1000 / 12);

    uint8_t level[8];
    for (uint32_t i = 0; i < 8; i++)
        level[i] = (uint8_t)trace_channel_at(source, i)->initial_level;
    uint64_t edges = 0, edges_0 = 0, doubles = 0, last_ns = UINT64_MAX;

    uint32_t x_steps = 0, y_steps = 0;
    int32_t x = 0, y = 0, x_most = 0, y_most = 0;
    uint64_t x_at_12000 = 0, x_at_12001 = 0, y_at_12000 = 0;
    struct trace_record record;
    while (next(source, &record)) {
        ck_assert_uint_ne(level[record.channel], record.level); /* every record is a change */
        level[record.channel] = record.level;
        *(record.channel == 0 ? &edges_0 : &edges) += 1;
        doubles += record.time_ns == last_ns; /* no sample changes three lines */
        last_ns = record.time_ns;
        if (record.channel == X_STEP && record.level == 1) {
            x_steps++;
            x += level[X_DIR] ? -1 : 1;
            if (x == 12000 && x_at_12000 == 0)
                x_at_12000 = record.time_ns;
            if (x == 12001 && x_at_12001 == 0)
                x_at_12001 = record.time_ns;
        }
        if (record.channel == Y_STEP && record.level == 1) {
            y_steps++;
            y += level[Y_DIR] ? -1 : 1;
            if (y == 12000 && y_at_12000 == 0)
                y_at_12000 = record.time_ns;
        }
        x_most = x > x_most ? x : x_most;
        y_most = y > y_most ? y : y_most;
    }
    ck_assert_uint_eq(edges,
                      4 * 32000 + 4); /* two edges a step, and each direction line changes twice */
    ck_assert_uint_eq(edges_0, 6662);
    ck_assert_uint_eq(doubles, 44);
    ck_assert_uint_eq(x_steps, 32000);
    ck_assert_uint_eq(y_steps, 32000);
    ck_assert_int_eq(x_most, 200 * 80);
    ck_assert_int_eq(y_most, 200 * 80);
    ck_assert_int_eq(x, 0);
    ck_assert_int_eq(y, 0);
    ck_assert_uint_eq(x_at_12000, at_12_mhz(32540479));
    ck_assert_uint_eq(y_at_12000, at_12_mhz(32540479 + 12));
    ck_assert_uint_eq(x_at_12001, at_12_mhz(32541804));
    trace_close(source);
}
END_TEST

/* --- lidarlite: pulse widths --- */

START_TEST(a_lidar_sends_1802_pulses)
{
    struct trace_source *source =
        open_with("traces/sigrok_lidarlite_pwm/lidarlite_5mhz.sr", NULL, 0);
    if (source == NULL)
        return;
    ck_assert_uint_eq(trace_channel_count(source), 1); /* one of 16 lines was named */
    ck_assert_str_eq(trace_channel_at(source, 0)->name, "PWM");
    struct trace_info info;
    struct trace_error error;
    ck_assert_msg(trace_info_collect(source, &info, &error) == 0, "%s", error.text);
    uint64_t pulses = info.channel[0].falling;
    ck_assert_uint_eq(pulses, 1802);
    /* 10 us of high time are 1 cm; the LIDAR-Lite measures up to 40 m. */
    uint64_t mean_cm = info.channel[0].high_ns / pulses / 10000;
    ck_assert_msg(mean_cm > 0 && mean_cm < 4000, "mean %" PRIu64 " cm", mean_cm);
    trace_info_free(&info);
    trace_close(source);
}
END_TEST

/* --- I2C buses --- */

static uint8_t sensirion_crc(const uint8_t *word)
{
    uint8_t crc = 0xff; /* SHT3x datasheet section 4.12: polynomial 0x31, initial value 0xff */
    for (int i = 0; i < 2; i++) {
        crc ^= word[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint8_t)(crc & 0x80 ? crc << 1 ^ 0x31 : crc << 1);
    }
    return crc;
}

START_TEST(a_humidity_sensor_answers_24_words_with_right_crc)
{
    static const char *const words[] = { "i2c:scl=SCL,sda=1,name=bus" }; /* by name and by number */
    struct trace_source *source =
        open_with("traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr", words, 1);
    if (source == NULL)
        return;
    uint32_t bus = channel(source, "bus");
    ck_assert_int_eq(trace_channel_at(source, bus)->kind, TRACE_I2C);
    struct trace_record record;
    unsigned good = 0, bad = 0, unfinished = 0, transactions = 0, commands_2400 = 0,
             commands_2416 = 0;
    uint64_t asked_ns = 0;
    while (next(source, &record)) {
        if (record.channel != bus)
            continue;
        const struct trace_i2c *t = &record.i2c;
        ck_assert_uint_eq(t->address, 0x45); /* its ADDR pin is high: datasheet section 3.4 */
        ck_assert_uint_gt(record.time_ns, t->start_ns);
        unfinished += !t->stopped;
        if (transactions++ == 0)
            ck_assert_msg(t->has_read && !t->has_write, "it begins with a read before any command");
        if (t->has_write && t->write_size == 2) {
            commands_2400 += t->write_data[0] == 0x24 && t->write_data[1] == 0x00;
            commands_2416 += t->write_data[0] == 0x24 && t->write_data[1] == 0x16;
            asked_ns = record.time_ns;
        }
        for (uint32_t i = 0; t->has_read && i + 3 <= t->read_size; i += 3) {
            *(sensirion_crc(t->read_data + i) == t->read_data[i + 2] ? &good : &bad) += 1;
            if (asked_ns != 0)
                ck_assert_uint_lt(record.time_ns - asked_ns, UINT64_C(1500000000));
        }
    }
    ck_assert_uint_eq(good, 24);
    ck_assert_uint_eq(bad, 0);
    ck_assert_uint_eq(unfinished, 1); /* the recording ends behind a command */
    ck_assert_uint_gt(commands_2400, 0);
    ck_assert_uint_gt(commands_2416, 0);
    trace_close(source);
}
END_TEST

START_TEST(an_io_expander_is_addressed_253_times_though_edges_coincide)
{
    static const char *const words[] = { "i2c:scl=7,sda=6" };
    struct trace_source *source =
        open_with("traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr", words, 1);
    if (source == NULL)
        return;
    uint32_t bus = channel(source, "i2c"), sda = channel(source, "SDA"),
             scl = channel(source, "SCL");
    struct trace_record record;
    unsigned finished = 0, unfinished = 0, longest_write = 0, coincident = 0;
    uint64_t sda_ns = UINT64_MAX;
    while (next(source, &record)) {
        if (record.channel == sda)
            sda_ns = record.time_ns;
        if (record.channel == scl) /* SDA is the lower line, so it comes first */
            coincident += record.time_ns == sda_ns;
        if (record.channel != bus)
            continue;
        /* A read has a repeated START. */
        uint32_t messages = record.i2c.has_write + (uint32_t)record.i2c.has_read;
        *(record.i2c.stopped ? &finished : &unfinished) += messages;
        ck_assert(!record.i2c.address_nack && !record.i2c.truncated);
        if (record.i2c.write_size > longest_write)
            longest_write = record.i2c.write_size;
    }
    ck_assert_uint_eq(coincident, 1050);
    /* sigrok's decoder: 254 STARTs (84 of them repeated), 169 STOPs: the recording ends within the
     * last. */
    ck_assert_uint_ge(unfinished, 1);
    ck_assert_uint_eq(finished + unfinished, 254);
    ck_assert_uint_eq(longest_write, 19); /* 20 bytes with the address */
    trace_close(source);
}
END_TEST

/* sigrok-cli's own decoder prints every byte; ours must give the same list. */
static void append(char **text, size_t *size, const char *piece)
{
    size_t length = strlen(piece);
    *text = realloc(*text, *size + length + 1);
    memcpy(*text + *size, piece, length + 1);
    *size += length;
}

static char *our_bytes(const char *name, const char *option)
{
    struct trace_source *source = open_with(name, &option, 1);
    if (source == NULL)
        return NULL;
    char *text = NULL, line[64];
    size_t size = 0;
    uint32_t bus = channel(source, "i2c");
    struct trace_record record;
    append(&text, &size, "");
    while (next(source, &record)) {
        if (record.channel != bus)
            continue;
        const struct trace_i2c *t = &record.i2c;
        if (t->has_write) {
            snprintf(line, sizeof line, "Address write: %02X\n", t->address);
            append(&text, &size, line);
        }
        for (uint32_t i = 0; i < t->write_size; i++) {
            snprintf(line, sizeof line, "Data write: %02X\n", t->write_data[i]);
            append(&text, &size, line);
        }
        if (t->has_read) {
            snprintf(line, sizeof line, "Address read: %02X\n", t->address);
            append(&text, &size, line);
        }
        for (uint32_t i = 0; i < t->read_size; i++) {
            snprintf(line, sizeof line, "Data read: %02X\n", t->read_data[i]);
            append(&text, &size, line);
        }
    }
    trace_close(source);
    return text;
}

static char *sigrok_bytes(const char *name, const char *decoder)
{
    char path[512], command[1024], line[256];
    ck_assert(shared_path(name, path, sizeof path));
    snprintf(command, sizeof command,
             "sigrok-cli -i '%s' -P %s -A i2c=addr-data 2>/dev/null | sed -n 's/^i2c-1: //p' | "
             "grep -E '^(Address|Data) (write|read): '",
             path, decoder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    char *text = NULL;
    size_t size = 0;
    append(&text, &size, "");
    while (fgets(line, sizeof line, pipe) != NULL)
        append(&text, &size, line);
    pclose(pipe);
    return text;
}

static void compare_with_sigrok(const char *name, const char *option, const char *decoder)
{
    if (system("command -v sigrok-cli >/dev/null") != 0) {
        printf("skipped: sigrok-cli is not installed\n");
        return;
    }
    char *ours = our_bytes(name, option);
    if (ours == NULL)
        return;
    char *theirs = sigrok_bytes(name, decoder);
    ck_assert_uint_gt(strlen(theirs), 100);
    ck_assert_str_eq(ours, theirs);
    free(ours);
    free(theirs);
}

START_TEST(i2c_agrees_with_sigrok_on_the_expander)
{
    compare_with_sigrok("traces/sigrok_mcp23017_i2c/mcp23017_counter_init_ab_write_read.sr",
                        "i2c:scl=7,sda=6", "i2c:scl=SCL:sda=SDA");
}
END_TEST

START_TEST(i2c_agrees_with_sigrok_on_the_sensor)
{
    compare_with_sigrok("traces/sigrok_sht31_i2c/sensirion_sht31_25rh_28rh.sr", "i2c:scl=2,sda=1",
                        "i2c:scl=SCL:sda=SDA");
}
END_TEST

/* --- st: an IMU as CSV --- */

/* The nearest integer to nano / (lsb in nano), where the LSB is numerator / denominator nano. */
static int64_t nearest_count(int64_t nano, int64_t numerator, int64_t denominator)
{
    __int128 doubled = 2 * (__int128)nano * denominator;
    __int128 shifted = doubled + (doubled < 0 ? -numerator : numerator);
    return (int64_t)(shifted / (2 * (__int128)numerator));
}

/* A count times the LSB, rounded as the importer says it rounds: what the value must be exactly. */
static int64_t of_count(int64_t count, int64_t numerator, int64_t denominator)
{
    __int128 product = (__int128)count * numerator;
    __int128 half = denominator / 2;
    return (int64_t)((product + (product < 0 ? -half : half)) / denominator);
}

START_TEST(a_serve_is_whole_numbers_of_the_sensor)
{
    static const char *const words[] = { "rate=480" };
    struct trace_source *source = open_with("traces/st_lsm6dsv320x_serve/serve.csv", words, 1);
    if (source == NULL)
        return;
    ck_assert_uint_eq(trace_channel_count(source), 2);
    const struct trace_channel *imu = trace_channel_at(source, channel(source, "imu"));
    const struct trace_channel *high = trace_channel_at(source, channel(source, "acc_h"));
    ck_assert_int_eq(imu->kind, TRACE_SCAN);
    ck_assert_uint_eq(imu->scan_count, 6);
    ck_assert_uint_eq(high->scan_count, 3);
    for (uint8_t i = 0; i < 6; i++)
        ck_assert_uint_eq(imu->quantity[i], (unsigned)IIO_ACCEL_X + i);
    ck_assert_uint_eq(imu->rate_millihertz, 480000);

    /* LSBs: 0.488 mg, 7.808 mg (1 mg = 9806650 nano m/s^2) and 0.07 dps (pi/180 = 17453292.51994...
     * nano). */
    const int64_t low_lsb = INT64_C(9806650) * 488, high_lsb = INT64_C(9806650) * 7808,
                  thousand = 1000;
    const int64_t gyro_lsb = INT64_C(122173047639603070), gyro_parts = INT64_C(100000000000);
    uint64_t rows = 0, exact = 0;
    bool first = true;
    struct trace_record record;
    while (next(source, &record)) {
        ck_assert_uint_eq(record.time_ns, rows / 2 * 1000000000 / 480);
        bool is_imu = trace_channel_at(source, record.channel) == imu;
        for (int i = 0; i < 3; i++) {
            int64_t lsb = is_imu ? low_lsb : high_lsb;
            int64_t count = nearest_count(record.scan[i], lsb, thousand);
            /* The file has three decimals of a float32, so some values are 0.001 mg off the
             * multiple. */
            ck_assert_int_le(llabs(record.scan[i] - of_count(count, lsb, thousand)), 19614);
            exact += record.scan[i] == of_count(count, lsb, thousand);
            ck_assert_int_le(llabs(count), 32768);
        }
        for (int i = 3; i < 6 && is_imu; i++) {
            int64_t count = nearest_count(record.scan[i], gyro_lsb, gyro_parts);
            ck_assert_int_le(llabs(record.scan[i] - of_count(count, gyro_lsb, gyro_parts)), 1);
            ck_assert_int_le(llabs(count), 65536);
        }
        if (first && is_imu) { /* -830.576,-358.192,192.272,-15.89,... of the first line */
            ck_assert_int_eq(nearest_count(record.scan[0], low_lsb, thousand), -1702);
            ck_assert_int_eq(nearest_count(record.scan[3], gyro_lsb, gyro_parts), -227);
            first = false;
        }
        rows++;
    }
    ck_assert(!first);
    /* 76.7 s at 480 Hz, two channels a row. 51 values of 36,812 lines are those a float32 put off
     * (counted apart). */
    ck_assert_uint_eq(rows / 2, 36812);
    ck_assert_uint_eq(exact, 6 * 36812 - 51);
    ck_assert_uint_eq(imu->count, rows / 2);
    trace_close(source);
}
END_TEST

/* --- px4 --- */

/* What pyulog's own test expects of this file (PX4/pyulog, test/sample_info.txt). */
static const struct {
    const char *channel;
    uint64_t count;
} px4_counts[] = {
    { "actuator_controls_0.control[0]", 3269 },
    { "actuator_outputs.noutputs", 1311 },
    { "commander_state.main_state", 678 },
    { "control_state.x_acc", 3268 },
    { "cpuload.load", 69 },
    { "ekf2_innovations.heading_innov", 3271 },
    { "estimator_status.n_states", 1311 },
    { "sensor_combined", 17070 },
    { "sensor_combined.gyro_integral_dt", 17070 },
    { "sensor_preflight.accel_inconsistency_m_s_s", 17072 },
    { "telemetry_status.rxerrors", 70 },
    { "vehicle_attitude.rollspeed", 6461 },
    { "vehicle_attitude_setpoint.roll_body", 3272 },
    { "vehicle_local_position.surface_bottom_timestamp", 678 },
    { "vehicle_rates_setpoint.thrust", 6448 },
    { "vehicle_status.system_id", 294 },
};

START_TEST(a_px4_log_has_the_messages_pyulog_counts)
{
    struct trace_source *source = open_with("traces/px4_sample/sample.ulg", NULL, 0);
    if (source == NULL)
        return;
    struct trace_info info;
    struct trace_error error;
    ck_assert_msg(trace_info_collect(source, &info, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < ARRAY_SIZE(px4_counts); i++) {
        uint32_t index = channel(source, px4_counts[i].channel);
        ck_assert_msg(trace_channel_at(source, index)->count == px4_counts[i].count, "%s",
                      px4_counts[i].channel);
        ck_assert_msg(info.channel[index].count == px4_counts[i].count, "%s: %" PRIu64,
                      px4_counts[i].channel, info.channel[index].count);
    }
    ck_assert_uint_eq(info.gap_count,
                      4); /* "Dropouts: count: 4, total duration: 0.1 s, max: 62 ms" */
    ck_assert_uint_eq(info.gap_ns, 119000000);
    const struct trace_channel_info *imu = &info.channel[channel(source, "sensor_combined")];
    ck_assert_uint_eq(imu->mean_millihertz / 1000, 247);
    /* A flight controller in a hand: its accelerations are around g. */
    ck_assert_int_gt(imu->greatest[2] - imu->least[2], 0);
    ck_assert_int_lt(imu->least[2], INT64_C(-9000000000));
    ck_assert_uint_eq(info.last_ns / 1000000000, 68); /* "duration: 0:01:08" */
    trace_info_free(&info);
    trace_close(source);
}
END_TEST

START_TEST(px4_samples_keep_their_stamps_and_their_floats)
{
    struct trace_source *source = open_with("traces/px4_sample/sample.ulg", NULL, 0);
    if (source == NULL)
        return;
    uint32_t imu = channel(source, "sensor_combined");
    const struct trace_channel *at = trace_channel_at(source, imu);
    ck_assert_uint_eq(at->scan_count, 6);
    ck_assert_uint_eq(at->quantity[0], IIO_ACCEL_X);
    ck_assert_uint_eq(at->quantity[3], IIO_ANGL_VEL_X);
    struct trace_record record;
    uint64_t last_source = 0, count = 0;
    while (next(source, &record)) {
        if (record.channel != imu || record.type != TRACE_RECORD_VALUE)
            continue;
        if (count++ ==
            0) { /* first message: timestamp 112614307 us; the log began at 112500176 us */
            ck_assert_uint_eq(record.source_ns, UINT64_C(112614307000));
            ck_assert_uint_eq(record.time_ns, UINT64_C(112614307000) - UINT64_C(112500176000));
        }
        ck_assert_uint_gt(record.source_ns, last_source);
        ck_assert_uint_eq(record.time_ns, record.source_ns - UINT64_C(112500176000));
        last_source = record.source_ns;
    }
    ck_assert_uint_eq(count, 17070);
    trace_close(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recordings");
    TCase *tests = tcase_create("recordings");
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, a_cnc_makes_the_steps_its_program_asks_for);
    tcase_add_test(tests, a_lidar_sends_1802_pulses);
    tcase_add_test(tests, a_humidity_sensor_answers_24_words_with_right_crc);
    tcase_add_test(tests, an_io_expander_is_addressed_253_times_though_edges_coincide);
    tcase_add_test(tests, i2c_agrees_with_sigrok_on_the_expander);
    tcase_add_test(tests, i2c_agrees_with_sigrok_on_the_sensor);
    tcase_add_test(tests, a_serve_is_whole_numbers_of_the_sensor);
    tcase_add_test(tests, a_px4_log_has_the_messages_pyulog_counts);
    tcase_add_test(tests, px4_samples_keep_their_stamps_and_their_floats);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
