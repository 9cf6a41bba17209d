/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "last_words.h"

#include "cli.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STACK_SIZE (256u << 10) /* finishing a file takes stdio and strerror */

static struct session *armed_session;
static struct record *armed_record;
static struct sigaction old_action;
static stack_t old_stack;
static char stack[STACK_SIZE];

/* What the console said from "kernel panic" on, up to the line's end. */
static char words[160];
static size_t words_size;
static bool listening;

void last_words_console(void *context, const char *text, size_t size)
{
    static const char head[] = "kernel panic at ";
    (void)context;
    fwrite(text, 1, size, stderr);
    while (size > 0 && *text == '\n') {
        listening = false;
        text++;
        size--;
    }
    if (words_size == 0 && size >= sizeof head - 1 && memcmp(text, head, sizeof head - 1) == 0)
        listening = true;
    for (size_t i = 0; listening && i < size && text[i] != '\n'; i++) {
        if (words_size < sizeof words - 1)
            words[words_size++] = text[i];
    }
    words[words_size] = '\0';
}

static void tell(const struct session *s, uint64_t last_ns)
{
    if (s->record_error != 0)
        complain(EXIT_PANIC, "%s", s->record_reason);
    else
        complain(EXIT_PANIC,
                 "all events until the panic, the last at %s, are recorded in %s; to come here "
                 "again: axiom replay %s",
                 seconds_text(last_ns), s->record_path, s->record_path);
}

static void on_abort(int number)
{
    static const char unknown[] = "kernel panic";
    (void)number;
    /* A second abort, out of what follows, is one that nothing can be done about. */
    sigaction(SIGABRT, &old_action, NULL);
    if (armed_record->file != NULL) {
        uint64_t last_ns = armed_record->recorder.last_time_ns;
        armed_session->result.stop_time_ns = sim_time_ns();
        record_end(armed_record, armed_session, words_size > 0 ? words : unknown);
        if (armed_session->record_path != NULL)
            tell(armed_session, last_ns);
    }
    fflush(NULL);
    _exit(EXIT_PANIC);
}

void last_words_arm(struct session *session, struct record *record)
{
    armed_session = session;
    armed_record = record;
    words_size = 0;
    listening = false;
    stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&own, &old_stack);
    struct sigaction action = { .sa_handler = on_abort, .sa_flags = SA_ONSTACK };
    sigaction(SIGABRT, &action, &old_action);
}

void last_words_disarm(void)
{
    sigaction(SIGABRT, &old_action, NULL);
    sigaltstack(&old_stack, NULL);
    armed_session = NULL;
    armed_record = NULL;
}
