/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The generated trace against its oracle: what the physics says must be what a watcher of the lines and samples counts.
 * The watcher below knows nothing of the plan. */
#include <traces/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tests/check_main.h>
#include <unistd.h>

struct position {
    uint64_t time_ns;
    int64_t x, y;
};

struct oracle {
    char *text;
    struct position position[256];
    size_t position_count;
};

static void path_of(char *path, size_t size, const char *suffix)
{
    snprintf(path, size, "%s/gantry_test.%d%s", AXIOM_BINARY_DIR, (int)getpid(), suffix);
}

static int gantry(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "%s/tools/gantry/gantry %s", AXIOM_BINARY_DIR, arguments);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void make(const char *trace, const char *more)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments, "--out '%s' %s", trace, more);
    ck_assert_int_eq(gantry(arguments), 0);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is not there", path);
    char *text = calloc(1, 1 << 16);
    ck_assert_uint_lt(fread(text, 1, 1 << 16, file), 1 << 16);
    fclose(file);
    return text;
}

static void load(const char *path, struct oracle *oracle)
{
    oracle->text = read_all(path);
    oracle->position_count = 0;
    for (char *at = strstr(oracle->text, "\nposition "); at != NULL;
         at = strstr(at + 1, "\nposition ")) {
        struct position *p = &oracle->position[oracle->position_count++];
        ck_assert_int_eq(
            sscanf(at, " position %" SCNu64 " %" SCNd64 " %" SCNd64, &p->time_ns, &p->x, &p->y), 3);
    }
}

/* The nth fact of that name, from 0; -1: there is none. */
static int64_t fact(const struct oracle *oracle, const char *name, unsigned n)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = oracle->text;
    while ((at = strstr(at, line)) != NULL) {
        at += strlen(line);
        if (n-- == 0)
            return strtoll(at, NULL, 10);
    }
    return -1;
}

static void near(uint64_t time_ns, int64_t expected, int64_t tolerance)
{
    int64_t off = (int64_t)time_ns - expected;
    ck_assert_msg(off <= tolerance && off >= -tolerance, "at %" PRIu64 " ns, expected %" PRId64,
                  time_ns, expected);
}

struct limit {
    uint64_t first_ns, last_ns; /* edges of the present burst */
    unsigned bursts, closed;
};

struct watcher {
    const struct oracle *oracle;
    uint8_t level[6];
    int64_t x, y;
    uint64_t x_steps, y_steps, soft_trips, last_step_ns;
    struct limit limit[2];
    uint64_t samples, over, temperatures;
    unsigned crossings;
    bool hot;
    size_t next_position;
};

static void watch_limit(struct watcher *w, int axis, uint64_t now, uint8_t level)
{
    static const char *const closes[] = { "limit_x_closes_ns", "limit_y_closes_ns" };
    static const char *const opens[] = { "limit_x_opens_ns", "limit_y_opens_ns" };
    struct limit *limit = &w->limit[axis];
    if (limit->bursts == 0 ||
        now - limit->first_ns > (uint64_t)fact(w->oracle, "limit_settled_after_ns", 0)) {
        near(now, fact(w->oracle, level ? closes[axis] : opens[axis], limit->bursts / 2), 0);
        limit->first_ns = now;
        limit->bursts++;
    }
    limit->last_ns = now;
    limit->closed = level;
}

static void watch_level(struct watcher *w, const char *name, uint64_t now, uint8_t level)
{
    int64_t tolerance = fact(w->oracle, "edge_tolerance_ns", 0);
    if (strcmp(name, "dir_x") == 0)
        w->level[0] = level;
    else if (strcmp(name, "dir_y") == 0)
        w->level[1] = level;
    else if (strcmp(name, "limit_x") == 0)
        watch_limit(w, 0, now, level);
    else if (strcmp(name, "limit_y") == 0)
        watch_limit(w, 1, now, level);
    else if (strcmp(name, "step_x") == 0 && level) {
        w->x_steps++;
        w->x += w->level[0] ? 1 : -1;
        w->last_step_ns = now;
        if (w->x == fact(w->oracle, "soft_limit_x_steps", 0) && w->level[0])
            near(now, fact(w->oracle, "soft_limit_x_reached_ns", (unsigned)w->soft_trips++),
                 tolerance);
    } else if (strcmp(name, "step_y") == 0 && level) {
        w->y_steps++;
        w->y += w->level[1] ? 1 : -1;
    }
}

static void watch_temperature(struct watcher *w, uint64_t now, int64_t nano)
{
    bool hot = nano >= fact(w->oracle, "temperature_threshold_nano", 0);
    w->temperatures++;
    if (hot != w->hot) {
        near(now,
             fact(w->oracle, hot ? "temperature_rises_ns" : "temperature_falls_ns",
                  w->crossings / 2),
             0);
        w->crossings++;
    }
    w->hot = hot;
}

static void watch_imu(struct watcher *w, const int64_t *scan)
{
    int64_t off = scan[2] - INT64_C(9806650000);
    int64_t threshold = fact(w->oracle, "vibration_threshold_nano", 0);
    w->samples++;
    w->over += off >= threshold || off <= -threshold;
    ck_assert_int_lt(llabs(scan[0]), INT64_C(30000000000));
    ck_assert_int_lt(llabs(scan[3]), INT64_C(1000000000));
}

static void watch_position(struct watcher *w, uint64_t now)
{
    while (w->next_position < w->oracle->position_count &&
           w->oracle->position[w->next_position].time_ns < now) {
        const struct position *p = &w->oracle->position[w->next_position++];
        ck_assert_msg(w->x == p->x && w->y == p->y,
                      "at %" PRIu64 " ns: (%" PRId64 ", %" PRId64 "), expected (%" PRId64
                      ", %" PRId64 ")",
                      p->time_ns, w->x, w->y, p->x, p->y);
    }
}

static void watch(const char *path, struct watcher *w)
{
    struct trace_source *source;
    struct trace_record record;
    struct trace_error error;
    int got;
    ck_assert_msg(trace_open(path, NULL, &source, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(trace_channel_count(source), 8);
    while ((got = trace_next(source, &record, &error)) == 1) {
        const struct trace_channel *channel = trace_channel_at(source, record.channel);
        watch_position(w, record.time_ns);
        if (channel->kind == TRACE_LEVEL)
            watch_level(w, channel->name, record.time_ns, record.level);
        else if (strcmp(channel->name, "imu") == 0)
            watch_imu(w, record.scan);
        else
            watch_temperature(w, record.time_ns, record.scan[0]);
    }
    ck_assert_msg(got == 0, "%s", error.text);
    trace_close(source);
}

START_TEST(a_watcher_finds_what_the_physics_says)
{
    static const char *const variants[] = { "", "--seed 2",
                                            "--seed 18446744073709551615 --seconds 30",
                                            "--seed 4 --seconds 60" };
    char trace[256], text[256];
    path_of(trace, sizeof trace, ".mcap");
    path_of(text, sizeof text, ".oracle.txt");
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        struct oracle oracle;
        make(trace, variants[v]);
        load(text, &oracle);
        struct watcher w = { .oracle = &oracle };
        watch(trace, &w);
        ck_assert_int_eq((int64_t)w.x_steps, fact(&oracle, "x_steps", 0));
        ck_assert_int_eq((int64_t)w.y_steps, fact(&oracle, "y_steps", 0));
        ck_assert_int_eq(w.x, fact(&oracle, "x_final", 0));
        ck_assert_int_eq(w.y, fact(&oracle, "y_final", 0));
        near(w.last_step_ns, fact(&oracle, "last_step_ns", 0),
             fact(&oracle, "edge_tolerance_ns", 0));
        ck_assert_uint_eq(w.soft_trips, 1);
        for (int axis = 0; axis < 2; axis++) {
            ck_assert_uint_ge(w.limit[axis].bursts, 2);
            ck_assert_uint_eq(w.limit[axis].bursts % 2, 0);
            ck_assert_uint_eq(w.limit[axis].closed, 0);
        }
        ck_assert_int_eq((int64_t)w.samples, fact(&oracle, "imu_samples", 0));
        ck_assert_int_eq((int64_t)w.over, fact(&oracle, "vibration_samples_over", 0));
        ck_assert_uint_gt(w.over, 50);
        ck_assert_int_eq((int64_t)w.temperatures, fact(&oracle, "temperature_samples", 0));
        ck_assert_uint_ge(w.crossings, 2); /* it grows hot and cools down */
        ck_assert_int_eq(fact(&oracle, "temperature_falls_ns", w.crossings / 2), -1);
        ck_assert_uint_gt(oracle.position_count, 40);
        ck_assert_uint_eq(w.next_position, oracle.position_count);
        free(oracle.text);
    }
    unlink(trace);
    unlink(text);
}
END_TEST

static uint64_t digest_of(const char *path)
{
    struct trace_source *source;
    struct trace_record record;
    struct trace_error error;
    uint64_t digest =
        UINT64_C(14695981039346656037); /* FNV-1a over times and values, 64 bits at a time */
    ck_assert_msg(trace_open(path, NULL, &source, &error) == 0, "%s", error.text);
    while (trace_next(source, &record, &error) == 1) {
        const struct trace_channel *channel = trace_channel_at(source, record.channel);
        uint64_t values[2 + TRACE_SCAN_MAX] = { record.time_ns, record.channel };
        size_t count = 3;
        if (channel->kind == TRACE_LEVEL)
            values[2] = record.level;
        for (uint8_t i = 0; channel->kind == TRACE_SCAN && i < channel->scan_count; i++)
            values[2 + i] = (uint64_t)record.scan[i];
        if (channel->kind == TRACE_SCAN)
            count = 2u + channel->scan_count;
        for (size_t i = 0; i < count; i++)
            digest = (digest ^ values[i]) * UINT64_C(1099511628211);
    }
    trace_close(source);
    return digest;
}

/* The figure stands here so that every machine, compiler and build compares itself with every other. Whoever changes
 * the physics changes it. */
START_TEST(the_same_seed_is_the_same_trace_everywhere)
{
    char first[256], second[256], command[600];
    path_of(first, sizeof first, ".1.mcap");
    path_of(second, sizeof second, ".2.mcap");
    make(first, "--seed 1 --seconds 40");
    make(second, "--seconds 40");
    snprintf(command, sizeof command, "cmp '%s' '%s'", first, second);
    ck_assert_int_eq(system(command), 0);
    ck_assert_uint_eq(digest_of(first), UINT64_C(2053752849490570066));
    make(second, "--seed 3");
    ck_assert_uint_ne(digest_of(second), digest_of(first));
    unlink(first);
    unlink(second);
    path_of(first, sizeof first, ".1.oracle.txt");
    path_of(second, sizeof second, ".2.oracle.txt");
    unlink(first);
    unlink(second);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    ck_assert_int_eq(gantry("2>/dev/null"), 2);
    ck_assert_int_eq(gantry("--out /dev/null --seconds 5 2>/dev/null"), 2);
    ck_assert_int_eq(gantry("--out /dev/null --seed x 2>/dev/null"), 2);
    ck_assert_int_eq(gantry("--out /nowhere/x.mcap 2>/dev/null"), 6);
    ck_assert_int_eq(gantry("--help >/dev/null"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gantry");
    TCase *tests = tcase_create("gantry");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, a_watcher_finds_what_the_physics_says);
    tcase_add_test(tests, the_same_seed_is_the_same_trace_everywhere);
    tcase_add_test(tests, wrong_arguments_are_refused);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
