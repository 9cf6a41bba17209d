/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "live_view.h"

#include "live.h"
#include "load.h"

#include <axiom/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <traces/channels.h>
#include <unistd.h>

#define FIRST_SPAN_NS (10 * UINT64_C(1000000000))

struct live_view {
    struct lane_pager pager; /* bounds memory; what it gives up is gone: there is no file */
    struct live_shared *shared;
    struct model *model;
    uint64_t read;
    pid_t parent;
    bool broken;
};

int live_view_open(int fd, uint64_t memory_max, struct model *model, struct live_view **out,
                   const char **reason)
{
    struct stat stat;
    struct live_view *live = calloc(1, sizeof *live);
    *reason = "no memory";
    if (live == NULL)
        return -ENOMEM;
    *reason = "--live wants what axiom run --view hands over";
    void *at = MAP_FAILED;
    if (fstat(fd, &stat) == 0 && stat.st_size == (off_t)sizeof(struct live_shared))
        at = mmap(NULL, sizeof(struct live_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED || ((struct live_shared *)at)->magic != LIVE_MAGIC) {
        if (at != MAP_FAILED)
            munmap(at, sizeof(struct live_shared));
        free(live);
        return -EINVAL;
    }
    live->shared = at;
    live->model = model;
    live->parent = getppid();
    live->pager.bytes_max = memory_max != 0 ? memory_max : LOAD_MEMORY_DEFAULT;
    model->pager = &live->pager;
    printable(model->title, sizeof model->title, live->shared->title);
    printable(model->about, sizeof model->about, live->shared->about);
    model_set_board(model, live->shared->fdt,
                    live->shared->fdt_size <= LIVE_FDT_MAX ? (size_t)live->shared->fdt_size : 0);
    *out = live;
    return 0;
}

void live_view_close(struct live_view *live)
{
    if (live == NULL)
        return;
    for (uint32_t i = 0; i < live->model->lane_count; i++)
        live->model->lanes[i]->lane.pager = NULL;
    live->model->pager = NULL;
    atomic_store_explicit(&live->shared->closed, 1, memory_order_relaxed);
    munmap(live->shared, sizeof *live->shared);
    free(live);
}

static void give_input(void *context, const struct view_input *input)
{
    struct live_shared *shared = ((struct live_view *)context)->shared;
    uint64_t given = atomic_load_explicit(&shared->inputs_given, memory_order_relaxed);
    if (given - atomic_load_explicit(&shared->inputs_taken, memory_order_acquire) >=
        LIVE_INPUT_SLOTS)
        return; /* faster than any hand */
    struct live_input *to = &shared->input[given % LIVE_INPUT_SLOTS];
    *to = (struct live_input){
        .is_line = input->is_line,
        .line = input->line,
        .level = input->level,
        .quantity = input->quantity,
        .nano = input->nano,
    };
    if (input->device != NULL)
        snprintf(to->device, sizeof to->device, "%.47s", input->device);
    atomic_store_explicit(&shared->inputs_given, given + 1, memory_order_release);
}

static void set_pace(void *context, bool paused, double speed)
{
    struct live_shared *shared = ((struct live_view *)context)->shared;
    atomic_store_explicit(&shared->paused, paused, memory_order_relaxed);
    atomic_store_explicit(&shared->speed_milli, (uint64_t)(speed * 1000) + (speed < 0.001),
                          memory_order_relaxed);
}

void live_view_attach(struct live_view *live, struct view *view)
{
    uint64_t milli = atomic_load_explicit(&live->shared->speed_milli, memory_order_relaxed);
    view->live = view->follow = true;
    view->fitted = false;
    view->span_ns = FIRST_SPAN_NS;
    view->speed = (double)milli / 1000;
    view->give_input = give_input;
    view->set_pace = set_pace;
    view->input_context = live;
}

/* The event at `read`; how far to go on. 0: the ring makes no sense. */
static uint32_t take_event(struct live_view *live, uint32_t offset)
{
    struct live_event head;
    struct event_channel channel;
    struct event event;
    uint32_t to_end = LIVE_RING_SIZE - offset;
    if (to_end < sizeof head)
        return to_end;
    memcpy(&head, live->shared->ring + offset, sizeof head);
    if (head.size == 0)
        return to_end;
    if (head.size < sizeof head || head.size > to_end ||
        head.payload_size > head.size - sizeof head)
        return 0;
    channel = (struct event_channel){ .kind = head.kind,
                                      .layer = head.layer,
                                      .role = head.role,
                                      .form = head.form,
                                      .number = head.number };
    head.name[sizeof head.name - 1] = '\0';
    memcpy(channel.name, head.name, sizeof channel.name);
    struct mcap_message message = {
        .sequence = head.sequence,
        .log_time = head.time_ns,
        .publish_time = head.source_ns,
        .data = { live->shared->ring + offset + sizeof head, head.payload_size },
    };
    if (event_decode(&channel, &message, &event) == 0)
        model_add_event(live->model, &event);
    return head.size;
}

static void follow(struct view *view)
{
    uint64_t end = view_end(view), room = view->span_ns / 20;
    if (!view->follow)
        return;
    view->playhead_ns = end;
    view->from_ns = end + room > view->span_ns ? end + room - view->span_ns : 0;
}

bool live_view_step(struct live_view *live, struct view *view, uint32_t events)
{
    struct live_shared *shared = live->shared;
    atomic_store_explicit(&shared->ready, 1, memory_order_relaxed);
    bool ended =
        atomic_load_explicit(&shared->ended, memory_order_acquire) || getppid() != live->parent;
    uint64_t written = atomic_load_explicit(&shared->written, memory_order_acquire);
    uint32_t taken = 0;
    while (live->read < written && taken < events && !live->broken) {
        uint32_t size = take_event(live, (uint32_t)(live->read % LIVE_RING_SIZE));
        live->broken = size == 0;
        live->read += size;
        taken++;
    }
    atomic_store_explicit(&shared->read, live->read, memory_order_release);
    uint64_t now = atomic_load_explicit(&shared->now_ns, memory_order_relaxed);
    bool moved = taken > 0;
    if (live->read >= written && now > live->model->end_ns && live->model->event_count > 0) {
        live->model->end_ns = now;
        moved = true;
    }
    view->dropped = atomic_load_explicit(&shared->dropped, memory_order_relaxed);
    if (ended && live->read >= written && !view->live_ended) {
        view->live_ended = moved = true;
        view->follow = false;
    }
    if (moved)
        follow(view);
    return moved;
}
