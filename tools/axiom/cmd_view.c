/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom view: becomes axiom-view, a program of its own, so that no run carries a window's libraries. */
#include "viewer.h"

#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool viewer_path(char *to, size_t size)
{
    static const char *const places[] = { "axiom-view", "../view/axiom-view" };
    char self[4096];
    ssize_t got = readlink("/proc/self/exe", self, sizeof self - 1);
    if (got <= 0)
        return false;
    self[got] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    slash[1] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        int length = snprintf(to, size, "%s%s", self, places[i]);
        if (length > 0 && (size_t)length < size && access(to, X_OK) == 0)
            return true;
    }
    return false;
}

int viewer_missing(void)
{
    return complain(
        EXIT_INPUT,
        "this build has no viewer: apt-get install libsdl2-dev libsdl2-ttf-dev libpng-dev "
        "fonts-dejavu-core, then build again");
}

static int run(int argc, char **argv)
{
    char path[4200];
    (void)argc;
    if (!viewer_path(path, sizeof path))
        return viewer_missing();
    execv(path, argv);
    return complain(EXIT_IO, "%s: %s", path, strerror(errno));
}

const struct command command_view = {
    .name = "view",
    .summary = "a recording in a window: pins, PWM, sensors, buses, programs over time",
    .help =
        "usage: axiom view FILE [OTHER] [OPTION]...\n\n"
        "Look at a run; ? in the window lists its keys:\n"
        "  axiom view run.mcap\n"
        "Two runs one over the other, from where they part:\n"
        "  axiom view yesterday.mcap today.mcap\n"
        "A picture of 40 ms around a moment, without a display:\n"
        "  axiom view run.mcap --png shot.png --at 28.4s --span 40ms --theme light\n"
        "A capture or log that no run was made of yet (.sr, CSV, ULog):\n"
        "  axiom view smoothieware.sr\n"
        "  axiom view sht31.sr --trace-option i2c:scl=2,sda=1,name=bus\n\n"
        "  --png OUT        draw into a file and end; nothing is shown\n"
        "  --at T           the playhead's time (1.5s, 20ms); with --span in the middle\n"
        "  --span S         how much time is visible; unless told, all of it\n"
        "  --size WxH       of the picture or window in pixels (1600x1000)\n"
        "  --theme dark|light\n"
        "  --trace-option WORD  how to read a capture, and buses to decode (axiom trace --help)\n"
        "  --scale X        everything larger: 2 for a HiDPI screen; a window asks its display\n"
        "  --memory MIB     points kept at once (768); what does not fit is read again when looked "
        "at\n",
    .run = run,
};
