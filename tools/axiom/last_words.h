/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A kernel that panics aborts its process. While these last words are armed, the command still does
 * what it owes its user: the recording is ended as a valid file, the message says where it is, and
 * the exit code is EXIT_PANIC.
 *
 * It is a handler of SIGABRT on a stack of its own, because the panic may have come anywhere, on a
 * kernel thread's small stack too. gdb stops at the signal before it. */
#pragma once
#include "record.h"

/* From here on a panic ends the process by way of the session's recording. One session at a time. */
void last_words_arm(struct session *session, struct record *record);
void last_words_disarm(void);

/* Writes to stderr and keeps the line that says what the panic was: a sim_config's console. */
void last_words_console(void *context, const char *text, size_t size);
