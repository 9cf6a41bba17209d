/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between expect_parse.c and expect.c. */
#pragma once
#include "event_field.h"

#define EXPECT_CONDITION_MAX 8
#define EXPECT_OPEN_MAX      256
#define EXPECT_WORD_MAX      128

enum comparison { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

struct condition {
    char field[EXPECT_WORD_MAX];
    enum comparison op;
    bool is_number;
    int64_t number;
    char text[EXPECT_WORD_MAX];
};

struct match {
    char topic[EXPECT_WORD_MAX];
    uint32_t where_count;
    struct condition where[EXPECT_CONDITION_MAX];
};

enum assertion_kind { ASSERT_COUNT, ASSERT_NEVER, ASSERT_EVERY, ASSERT_LAST, ASSERT_WITHIN };

struct assertion {
    enum assertion_kind kind;
    uint32_t line;
    char *source;
    struct match match;
    struct match after;                          /* WITHIN, NEVER ... after */
    struct condition must[EXPECT_CONDITION_MAX]; /* EVERY, LAST */
    uint32_t must_count;
    enum comparison count_op; /* COUNT */
    int64_t count;
    uint64_t within_ns;

    bool armed, failed, last_holds;
    uint64_t seen;
    uint32_t open_first, open_count;
    bool answered; /* WITHIN: the last answer, and when */
    uint64_t answered_ns;
    uint64_t deadline[EXPECT_OPEN_MAX];
    char last_text[160];
    char why[320];
};

struct expect {
    uint32_t count, capacity;
    struct assertion *assertions;
};
