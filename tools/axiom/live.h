/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A run that is looked at while it goes on: shared memory between `axiom run --view` and axiom-view.
 *
 * The run's sink puts each event into a ring and never waits: what the window has not taken when the ring is full is
 * left out and counted, the recording has it all the same. The window's process puts inputs and the wished speed
 * beside it; the run asks for them where virtual time is about to go on (sim_config.live_input), so they are inputs
 * like a trace's: recorded, and replayed from the recording. One writer and one reader for each of the two rings. */
#pragma once
#include <axiom/event.h>
#include <sim/machine.h>
#include <stdatomic.h>

#define LIVE_RING_SIZE   (UINT32_C(1) << 26)
#define LIVE_INPUT_SLOTS 256u
#define LIVE_DEVICE_MAX  48u
#define LIVE_FDT_MAX     (UINT32_C(1) << 20)
#define LIVE_MAGIC       UINT64_C(0x314556494c584123)

struct live_input {
    uint8_t is_line, line, level, quantity;
    int64_t nano;
    char device[LIVE_DEVICE_MAX];
};

/* An event in the ring, before its payload (traces/channels.h); a multiple of 8 bytes. size 0 and kind 0: the rest of
 * the ring up to its end is empty. */
struct live_event {
    uint32_t size; /* of all of it */
    uint32_t payload_size;
    uint64_t time_ns, source_ns;
    uint32_t number, sequence;
    uint8_t kind, layer, role, form;
    char name[EVENT_NAME_MAX];
};

struct live_shared {
    uint64_t magic;
    char title[128], about[160];
    uint64_t fdt_size;
    _Alignas(8) uint8_t fdt[LIVE_FDT_MAX]; /* as libfdt wants it */
    /* Written by the run: */
    _Atomic uint64_t written; /* bytes put into the ring, ever */
    _Atomic uint64_t now_ns;  /* virtual */
    _Atomic uint64_t dropped; /* events */
    _Atomic uint32_t ended;
    _Atomic uint64_t inputs_taken;
    /* Written by the window: */
    _Atomic uint64_t read;
    _Atomic uint64_t inputs_given;
    _Atomic uint32_t ready; /* the window is open: the run begins */
    _Atomic uint32_t paused, closed;
    _Atomic uint64_t speed_milli; /* thousandths of real time; 0: as fast as it goes */
    struct live_input input[LIVE_INPUT_SLOTS];
    uint8_t ring[LIVE_RING_SIZE];
};

/* --- the run's side --- */

struct session;
struct live {
    struct event_sink sink; /* add it to the session's */
    struct live_shared *shared;
    int viewer; /* process id */
    char **targets;
    uint32_t target_count, first_sensor; /* session targets from `base` on */
    uint32_t base;
    uint64_t anchor_real_ns, anchor_virtual_ns, anchor_speed;
    uint64_t due_ns; /* virtual time that was due when the clock was looked at last */
};

/* Starts the viewer and hooks it into the session (sinks, live inputs). `words` are options for the viewer (NULL: none).
 * An exit code. The session must have its board; live_end() in any case after the run. */
int live_start(struct live *live, struct session *session, const char *const *words, uint32_t count);
/* Tells the viewer that the run is over; then live_wait() until its window is closed. */
void live_end(struct live *live);
void live_wait(struct live *live);
