/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux_facts.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef AXIOM_HAVE_ZLIB
#include <zlib.h>
#endif

#define CONFIG_MAX ((size_t)16 << 20)
#define MADE_UP    256u /* bytes for the lines that libbpf makes up */

/* A file, unpacked where it is compressed; NULL: it is not there, or too long. Ends with a zero byte. */
static char *read_unpacked(const char *path)
{
    size_t length = 0;
    char *text = malloc(CONFIG_MAX);
#ifdef AXIOM_HAVE_ZLIB
    gzFile file = gzopen(path, "rb");
    int got = file == NULL || text == NULL ? -1 : gzread(file, text, (unsigned)CONFIG_MAX - 1);
    if (file != NULL)
        gzclose(file);
    if (got >= 0)
        length = (size_t)got;
#else
    FILE *file = fopen(path, "rb");
    int got = file == NULL || text == NULL ? -1 : 0;
    if (got == 0)
        length = fread(text, 1, CONFIG_MAX - 1, file);
    if (file != NULL)
        fclose(file);
    /* Compressed (RFC 1952 §2.3.1), and nothing here unpacks it. */
    if (length >= 2 && memcmp(text, "\x1f\x8b", 2) == 0)
        got = -1;
#endif
    if (got < 0 || length == CONFIG_MAX - 1) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

/* Where distributions put it; libbpf looks at the same places. */
static char *read_running_config(const struct utsname *name)
{
    char path[sizeof "/boot/config-" + sizeof name->release];
    snprintf(path, sizeof path, "/boot/config-%s", name->release);
    char *text = access(path, R_OK) == 0 ? read_unpacked(path) : NULL;
    return text != NULL ? text : read_unpacked("/proc/config.gz");
}

/* "6.18.44-rc1" as Linux's KERNEL_VERSION(); 0 if it is none. */
static uint32_t version_number(const char *text)
{
    unsigned major = 0, minor = 0, patch = 0;
    if (sscanf(text, "%3u.%3u.%5u", &major, &minor, &patch) < 2)
        return 0;
    return (major << 16) + (minor << 8) + (patch > 255 ? 255 : patch);
}

/* Each .config opens with "# Linux/x86 6.18.44 Kernel Configuration". */
static uint32_t version_in_config(const char *config)
{
    const char *at = strstr(config, "# Linux/");
    at = at == NULL ? NULL : strchr(at + strlen("# Linux/"), ' ');
    return at == NULL ? 0 : version_number(at + 1);
}

int linux_config_read(const char *path, char **out)
{
    struct utsname name = { .release = "" };
    uname(&name);
    char *config = path != NULL ? read_unpacked(path) : read_running_config(&name);
    if (config == NULL && path != NULL)
        return complain(EXIT_INPUT, "%s: cannot be read, or is no kernel's configuration", path);
    uint32_t version = path == NULL ? version_number(name.release) : version_in_config(config);
    size_t size = MADE_UP + (config == NULL ? 0 : strlen(config));
    char *text = malloc(size);
    if (text != NULL) {
        char line[48] = "";
        if (version != 0)
            snprintf(line, sizeof line, "LINUX_KERNEL_VERSION=%u\n", version);
        snprintf(text, size, "%sLINUX_HAS_BPF_COOKIE=1\nLINUX_HAS_SYSCALL_WRAPPER=1\n%s", line,
                 config == NULL ? "" : config);
        *out = text;
    }
    free(config);
    return text == NULL ? complain(EXIT_IO, "no memory") : EXIT_OK;
}

uint64_t linux_symbol_address(void *unused, const char *name)
{
    (void)unused;
    char line[512], symbol[256];
    unsigned long long address;
    uint64_t found = 0;
    FILE *file = fopen("/proc/kallsyms", "r");
    if (file == NULL)
        return 0;
    while (found == 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%llx %*c %255s", &address, symbol) == 2 && strcmp(symbol, name) == 0)
            found = address != 0 ? address : 1;
    fclose(file);
    return found;
}
