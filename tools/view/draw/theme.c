/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "theme.h"

// clang-format off
const struct theme theme_dark = {
    .name = "dark",
    .back = 0xff14171c, .panel = 0xff1a1e25, .bar = 0xff20252d, .heading = 0xff1d2129,
    .line = 0xff313843, .grid = 0xff1f242c, .grid_strong = 0xff2a313b,
    .text = 0xffe6e9ee, .muted = 0xff9aa4b2, .faint = 0xff667080,
    .input = 0xff56b4e9, .output = 0xffe69f00,
    .pwm = 0xff1fbf92, .bus = 0xffd58fb8, .run = 0xfff0e442, .mark = 0xffb8c0cc,
    .axis = { 0xff56b4e9, 0xffe69f00, 0xff1fbf92 },
    .error = 0xffff7433, .refused = 0xffff7433, .dropped = 0xff7d8694,
    .other = 0xffd870b0,
    .playhead = 0xffffffff, .cursor_a = 0xfff0e442, .cursor_b = 0xffd58fb8, .select = 0xff2b3442,
    .state = { 0xff2f6f97, 0xff8a6410, 0xff13735a, 0xff7e4668, 0xff8c3f0c, 0xff7c7622 },
    .pcb = 0xff14463a, .pin_gold = 0xffc9a13b, .pin_ink = 0xff14171c,
};

const struct theme theme_light = {
    .name = "light",
    .back = 0xffffffff, .panel = 0xfff5f6f8, .bar = 0xffeceef2, .heading = 0xfff1f3f6,
    .line = 0xffcdd3dc, .grid = 0xfff0f2f5, .grid_strong = 0xffe2e6ec,
    .text = 0xff1a1e25, .muted = 0xff586272, .faint = 0xff8b95a4,
    .input = 0xff0072b2, .output = 0xffb87900,
    .pwm = 0xff007a59, .bus = 0xffa3457f, .run = 0xff6b6400, .mark = 0xff4a5362,
    .axis = { 0xff0072b2, 0xffc47f00, 0xff007a59 },
    .error = 0xffc44f00, .refused = 0xffc44f00, .dropped = 0xff9aa3b0,
    .other = 0xffcc4f9b,
    .playhead = 0xff1a1e25, .cursor_a = 0xff8a8000, .cursor_b = 0xffa3457f, .select = 0xffe3ecf7,
    .state = { 0xffa9d8f2, 0xfff5d48a, 0xff97dcc6, 0xffe8c2d8, 0xfff3bd97, 0xfff3ee9c },
    .pcb = 0xff2c7a66, .pin_gold = 0xffe8c765, .pin_ink = 0xff1a1e25,
};
// clang-format on
