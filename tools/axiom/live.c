/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#define _GNU_SOURCE /* memfd_create() */
#include "live.h"

#include "cli.h"
#include "session.h"
#include "viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <traces/channels.h>
#include <unistd.h>

#define LINES       54u /* of chip0: RP1's */
#define POLL_NS     1000000u
#define NAME_FORMAT "gpio/chip0/%u"

static uint64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* --- events out --- */

/* Room for `size` bytes in one piece; NULL: the ring is full. The bytes count only once `written` is moved. */
static uint8_t *ring_room(struct live_shared *shared, uint64_t *at, uint32_t size)
{
    uint64_t read = atomic_load_explicit(&shared->read, memory_order_acquire);
    uint32_t offset = (uint32_t)(*at % LIVE_RING_SIZE), to_end = LIVE_RING_SIZE - offset;
    uint64_t wanted = size <= to_end ? size : to_end + (uint64_t)size;
    if (*at - read + wanted > LIVE_RING_SIZE)
        return NULL;
    if (size > to_end) {
        memset(shared->ring + offset, 0, sizeof(uint64_t)); /* go on at the beginning */
        *at += to_end;
        offset = 0;
    }
    return shared->ring + offset;
}

static void live_emit(struct event_sink *sink, const struct event *event)
{
    struct live_shared *shared = ((struct live *)sink)->shared;
    struct event_channel channels[EVENT_CHANNELS_MAX];
    if (atomic_load_explicit(&shared->closed, memory_order_relaxed) ||
        event_channels_of(event, channels) == 0)
        return;
    size_t most = event_encoded_size_max(event, channels[0].form);
    uint64_t at = atomic_load_explicit(&shared->written, memory_order_relaxed);
    uint32_t room = (uint32_t)((sizeof(struct live_event) + most + 7) & ~(size_t)7);
    uint8_t *to = most < LIVE_RING_SIZE / 4 ? ring_room(shared, &at, room) : NULL;
    if (to == NULL) {
        atomic_fetch_add_explicit(&shared->dropped, 1, memory_order_relaxed);
        return;
    }
    struct live_event head = {
        .payload_size = (uint32_t)event_encode(event, channels[0].form, to + sizeof head),
        .time_ns = event->time_ns,
        .source_ns = event->source_ns,
        .number = channels[0].number,
        .sequence = (uint32_t)event->sequence,
        .kind = event->kind,
        .layer = event->layer,
        .role = event->role,
        .form = channels[0].form,
    };
    head.size = (uint32_t)((sizeof head + head.payload_size + 7) & ~(size_t)7);
    snprintf(head.name, sizeof head.name, "%s", event_channel_name(event));
    memcpy(to, &head, sizeof head);
    atomic_store_explicit(&shared->written, at + head.size, memory_order_release);
}

/* --- inputs in --- */

static bool take_input(struct live *live, struct sim_input *out)
{
    struct live_shared *shared = live->shared;
    uint64_t taken = atomic_load_explicit(&shared->inputs_taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&shared->inputs_given, memory_order_acquire))
        return false;
    struct live_input input = shared->input[taken % LIVE_INPUT_SLOTS];
    atomic_store_explicit(&shared->inputs_taken, taken + 1, memory_order_release);
    input.device[LIVE_DEVICE_MAX - 1] = '\0';
    if (input.is_line && input.line < live->first_sensor) {
        out->kind = SIM_INPUT_LINE;
        out->target = live->base + input.line;
        out->level = input.level != 0;
        return true;
    }
    for (uint32_t i = live->first_sensor; i < live->target_count && !input.is_line; i++) {
        if (strcmp(live->targets[i] + strlen("iio/"), input.device) == 0) {
            out->kind = SIM_INPUT_SENSOR;
            out->target = live->base + i;
            out->count = 1;
            out->quantity[0] = input.quantity;
            out->nano[0] = input.nano;
            return input.quantity < IIO_QUANTITY_COUNT;
        }
    }
    return false;
}

/* Where virtual time would be by now, at the wished speed; a new speed counts from here. */
static uint64_t virtual_due(struct live *live, uint64_t now_ns, uint64_t speed)
{
    uint64_t real = real_ns();
    if (speed != live->anchor_speed || live->anchor_real_ns == 0) {
        live->anchor_speed = speed;
        live->anchor_real_ns = real;
        live->anchor_virtual_ns = now_ns;
    }
    double passed = (double)(real - live->anchor_real_ns) * (double)speed / 1000;
    return passed < 9e18 ? live->anchor_virtual_ns + (uint64_t)passed : UINT64_MAX;
}

/* The window sees the run from its beginning: time stands until it is open, or has failed to. */
static void wait_for_window(struct live *live)
{
    const struct timespec nap = { 0, POLL_NS };
    while (!atomic_load_explicit(&live->shared->ready, memory_order_relaxed)) {
        int status;
        if (live->viewer <= 0 || waitpid(live->viewer, &status, WNOHANG) == live->viewer) {
            live->viewer = 0;
            atomic_store_explicit(&live->shared->closed, 1, memory_order_relaxed);
            return;
        }
        nanosleep(&nap, NULL);
    }
}

/* As sim_config.live_input: sleeps in small pieces until `until_ns` is due or somebody does something. */
static int live_input(void *context, uint64_t now_ns, uint64_t until_ns, struct sim_input *out)
{
    struct live *live = context;
    struct live_shared *shared = live->shared;
    /* Behind the wished pace, and nobody does anything: no need to look at the clock. */
    if (until_ns <= live->due_ns && !atomic_load_explicit(&shared->paused, memory_order_relaxed) &&
        atomic_load_explicit(&shared->inputs_given, memory_order_relaxed) ==
            atomic_load_explicit(&shared->inputs_taken, memory_order_relaxed) &&
        atomic_load_explicit(&shared->speed_milli, memory_order_relaxed) == live->anchor_speed)
        return 0;
    wait_for_window(live);
    for (;;) {
        bool closed = atomic_load_explicit(&shared->closed, memory_order_relaxed);
        bool paused = atomic_load_explicit(&shared->paused, memory_order_relaxed) && !closed;
        uint64_t speed = atomic_load_explicit(&shared->speed_milli, memory_order_relaxed);
        uint64_t due = closed || speed == 0 ? until_ns
                       : paused             ? now_ns
                                            : virtual_due(live, now_ns, speed);
        live->due_ns = closed || speed == 0 || paused ? 0 : due;
        uint64_t moment = due < now_ns + 1 ? now_ns + 1 : due < until_ns ? due : until_ns - 1;
        atomic_store_explicit(&shared->now_ns, moment, memory_order_relaxed);
        if (take_input(live, out)) {
            out->time_ns = moment;
            return 1;
        }
        if (paused)
            live->anchor_real_ns = 0; /* the pause is no time that has to be made up for */
        else if (due >= until_ns)
            return 0;
        struct timespec nap = { 0, POLL_NS };
        uint64_t left = paused || speed == 0
                            ? POLL_NS
                            : (uint64_t)((double)(until_ns - due) * 1000 / (double)speed);
        if (left < POLL_NS)
            nap.tv_nsec = (long)left;
        nanosleep(&nap, NULL);
    }
}

/* --- starting, ending --- */

struct target_list {
    struct live *live;
    bool failed;
};

static void add_target(struct live *live, const char *name, bool *failed)
{
    char **grown = realloc(live->targets, (live->target_count + 1) * sizeof *grown);
    if (grown != NULL) {
        live->targets = grown;
        grown[live->target_count] = strdup(name);
    }
    if (grown == NULL || grown[live->target_count] == NULL)
        *failed = true;
    else
        live->target_count++;
}

static void count_lines(void *context, const struct sim_target_info *info)
{
    struct target_list *list = context;
    if (strcmp(info->kind, "gpio") != 0 || strcmp(info->label, "chip0") != 0)
        return;
    for (uint32_t i = 0; i < info->line_count && i < LINES; i++) {
        char name[32];
        snprintf(name, sizeof name, NAME_FORMAT, i);
        add_target(list->live, name, &list->failed);
    }
}

static void add_sensors(void *context, const struct sim_target_info *info)
{
    struct target_list *list = context;
    char name[LIVE_DEVICE_MAX + 8];
    if (strcmp(info->kind, "iio") != 0 || !info->takes_quantities ||
        strlen(info->label) >= LIVE_DEVICE_MAX)
        return;
    snprintf(name, sizeof name, "iio/%s", info->label);
    add_target(list->live, name, &list->failed);
}

/* What can be touched: all lines of the header's chip, then the sensors. */
static int list_targets(struct live *live, const struct session *s)
{
    char reason[SIM_REASON_MAX];
    struct target_list list = { live, false };
    int err = sim_list_targets(s->fdt, s->fdt_size, count_lines, &list, reason);
    live->first_sensor = live->target_count;
    if (err == 0)
        err = sim_list_targets(s->fdt, s->fdt_size, add_sensors, &list, reason);
    if (err != 0)
        return complain(EXIT_INPUT, "%s", reason);
    return list.failed ? complain(EXIT_IO, "no memory") : EXIT_OK;
}

static int share(struct live *live, const struct session *s, int *out)
{
    int fd = memfd_create("axiom-live", 0); /* the viewer inherits it */
    if (fd < 0 || ftruncate(fd, sizeof(struct live_shared)) != 0)
        return complain(EXIT_IO, "shared memory: %s", strerror(errno));
    void *at = mmap(NULL, sizeof(struct live_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        close(fd);
        return complain(EXIT_IO, "shared memory: %s", strerror(errno));
    }
    struct live_shared *shared = live->shared = at;
    shared->magic = LIVE_MAGIC;
    snprintf(shared->title, sizeof shared->title, "%s",
             s->trace_name != NULL ? s->trace_name : "live run");
    snprintf(shared->about, sizeof shared->about, "%s, seed %llu", s->board,
             (unsigned long long)s->seed);
    if (s->fdt_size <= LIVE_FDT_MAX) {
        memcpy(shared->fdt, s->fdt, s->fdt_size);
        shared->fdt_size = s->fdt_size;
    }
    shared->speed_milli = s->speed > 0 ? (uint64_t)(s->speed * 1000) : 1000;
    *out = fd;
    return EXIT_OK;
}

static int start_viewer(struct live *live, int fd, const char *const *words, uint32_t count)
{
    char path[4200], number[16];
    char *arguments[24] = { "axiom view", "--live", number };
    if (!viewer_path(path, sizeof path))
        return viewer_missing();
    snprintf(number, sizeof number, "%d", fd);
    for (uint32_t i = 0; i < count && i + 4 < ARRAY_SIZE(arguments); i++)
        arguments[3 + i] = (char *)(uintptr_t)words[i];
    fflush(NULL);
    live->viewer = fork();
    if (live->viewer == 0) {
        /* The window has what the run leaves of the CPU; if that is refused, it goes on all the same. */
        if (nice(10) == -1)
            errno = 0;
        execv(path, arguments);
        _exit(127);
    }
    return live->viewer > 0 ? EXIT_OK : complain(EXIT_IO, "the viewer: %s", strerror(errno));
}

int live_start(struct live *live, struct session *s, const char *const *words, uint32_t count)
{
    int fd = -1;
    *live = (struct live){ .sink = { .emit = live_emit, .kinds = UINT32_MAX } };
    int code = list_targets(live, s);
    if (code == EXIT_OK)
        code = share(live, s, &fd);
    if (code == EXIT_OK)
        code = start_viewer(live, fd, words, count);
    if (fd >= 0)
        close(fd);
    if (code != EXIT_OK)
        return code;
    s->more_sinks[s->more_sink_count++] = &live->sink;
    s->live_input = live_input;
    s->live_context = live;
    s->live_targets = (const char *const *)live->targets;
    s->live_target_count = live->target_count;
    s->live_base = &live->base;
    s->speed = 0; /* the window sets the pace */
    return EXIT_OK;
}

void live_end(struct live *live)
{
    if (live->shared != NULL)
        atomic_store_explicit(&live->shared->ended, 1, memory_order_release);
}

void live_wait(struct live *live)
{
    int status = 0;
    if (live->viewer > 0 && waitpid(live->viewer, &status, 0) == live->viewer &&
        WIFSIGNALED(status))
        complain(EXIT_OK, "the window ended by signal %d; the run did not", WTERMSIG(status));
    if (live->shared != NULL)
        munmap(live->shared, sizeof *live->shared);
    for (uint32_t i = 0; i < live->target_count; i++)
        free(live->targets[i]);
    free(live->targets);
    *live = (struct live){ 0 };
}
