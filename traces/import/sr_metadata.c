/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The metadata of a sigrok session: an INI file as GLib's GKeyFile writes it. One [device N]
 * section is read; a session of several devices has several clocks, and those we do not have. */
#include "sr_metadata.h"
#include "source_internal.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    const char *file;
    unsigned line;
    bool in_device;
    unsigned device_count;
    struct sr_metadata *metadata;
    struct trace_error *error;
};

static bool parse_count(const char *text, uint64_t most, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || value > most)
        return false;
    *out = value;
    return true;
}

/* GKeyFile writes a leading space as \s and control characters as \n \t \r, a backslash doubled. */
static void unescape(char *to, size_t size, const char *from)
{
    size_t at = 0;
    for (; *from != '\0' && at + 1 < size; from++) {
        char c = *from;
        if (c == '\\' && from[1] != '\0') {
            from++;
            c = *from == 's'   ? ' '
                : *from == 't' ? '\t'
                : *from == 'n' ? '\n'
                : *from == 'r' ? '\r'
                               : *from;
        }
        to[at++] = c;
    }
    to[at] = '\0';
}

static int take_probe(struct parser *p, const char *number, const char *value)
{
    uint64_t probe;
    if (!parse_count(number, UINT32_MAX, &probe) || probe == 0)
        return 0; /* some other key that begins with "probe" */
    if (probe > SR_PROBE_MAX)
        return trace_fail(p->error, -EOPNOTSUPP,
                          "%s: metadata line %u: probe %llu; %u lines are the most", p->file,
                          p->line, (unsigned long long)probe, SR_PROBE_MAX);
    struct sr_probe *at = &p->metadata->probe[probe - 1];
    at->named = true;
    unescape(at->name, sizeof at->name, value);
    if (probe > p->metadata->probe_count)
        p->metadata->probe_count = (uint32_t)probe;
    return 0;
}

static int take_key(struct parser *p, const char *key, const char *value)
{
    struct sr_metadata *m = p->metadata;
    uint64_t number;
    if (strcmp(key, "capturefile") == 0) {
        if (strlen(value) >= sizeof m->capturefile)
            return trace_fail(p->error, -EBADMSG,
                              "%s: metadata line %u: the capture file's name is too long", p->file,
                              p->line);
        strcpy(m->capturefile, value);
    } else if (strcmp(key, "samplerate") == 0) {
        m->rate_millihertz = trace_rate_parse(value);
        if (m->rate_millihertz == 0)
            return trace_fail(p->error, -EBADMSG,
                              "%s: metadata line %u: samplerate \"%.40s\" is no rate above 0",
                              p->file, p->line, value);
    } else if (strcmp(key, "unitsize") == 0) {
        if (!parse_count(value, UINT32_MAX, &number) || number == 0 || number > SR_PROBE_MAX / 8)
            return trace_fail(p->error, -EOPNOTSUPP,
                              "%s: metadata line %u: unitsize \"%.40s\"; 1 to %u bytes are read",
                              p->file, p->line, value, SR_PROBE_MAX / 8);
        m->unit_size = (uint32_t)number;
    } else if (strcmp(key, "total analog") == 0) {
        if (parse_count(value, UINT32_MAX, &number))
            m->analog_count = (uint32_t)number;
    } else if (strncmp(key, "probe", 5) == 0) {
        return take_probe(p, key + 5, value);
    }
    return 0;
}

static int take_line(struct parser *p, char *line)
{
    if (*line == '[') {
        p->in_device = strncmp(line, "[device ", 8) == 0;
        if (p->in_device && ++p->device_count > 1)
            return trace_fail(
                p->error, -EOPNOTSUPP,
                "%s: metadata line %u: a second device; save the devices into one session each",
                p->file, p->line);
        return 0;
    }
    char *equals = strchr(line, '=');
    if (!p->in_device || equals == NULL || *line == '#')
        return 0;
    *equals = '\0';
    return take_key(p, line, equals + 1);
}

static int check(struct parser *p)
{
    struct sr_metadata *m = p->metadata;
    if (p->device_count == 0)
        return trace_fail(p->error, -EBADMSG,
                          "%s: metadata names no device; is it a sigrok session?", p->file);
    if (m->capturefile[0] == '\0')
        return trace_fail(p->error, -EOPNOTSUPP, "%s: the session has no logic lines%s", p->file,
                          m->analog_count != 0
                              ? ", only analog ones, which are not read; export them as CSV: "
                                "sigrok-cli -i FILE -O csv"
                              : "");
    if (m->rate_millihertz == 0)
        return trace_fail(p->error, -EBADMSG,
                          "%s: metadata gives no samplerate, so samples have no time", p->file);
    if (m->unit_size == 0)
        return trace_fail(p->error, -EBADMSG, "%s: metadata gives no unitsize (bytes of a sample)",
                          p->file);
    if (m->probe_count == 0)
        return trace_fail(p->error, -EBADMSG, "%s: metadata names no probe", p->file);
    if (m->probe_count > 8 * m->unit_size)
        return trace_fail(p->error, -EBADMSG,
                          "%s: metadata names probe %u, but a sample has only %u bits", p->file,
                          m->probe_count, 8 * m->unit_size);
    return 0;
}

int sr_metadata_parse(const char *file, char *text, struct sr_metadata *metadata,
                      struct trace_error *error)
{
    *metadata = (struct sr_metadata){ 0 };
    struct parser p = { .file = file, .metadata = metadata, .error = error };
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        p.line++;
        int err = take_line(&p, line);
        if (err != 0)
            return err;
    }
    return check(&p);
}
