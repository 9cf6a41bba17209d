/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Texts that others wrote, made fit to be shown, and numbered. */
#include "model.h"

#include <axiom/errno.h>

#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 character at `at` (RFC 3629 §4), 0 if it is none or a control character. */
static size_t character_size(const uint8_t *at)
{
    if (at[0] < 0x80)
        return at[0] >= 0x20 && at[0] != 0x7f ? 1 : 0;
    size_t size = at[0] >= 0xf0 && at[0] <= 0xf4 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if (size == 2 && at[0] == 0xc2 && at[1] < 0xa0) /* C1 controls */
        return 0;
    if (size == 3 && ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0)))
        return 0;
    /* U+200B..200F, 202A..202E, 2060..206F: what hides or turns text around */
    if (size == 3 && at[0] == 0xe2 &&
        ((at[1] == 0x80 &&
          ((at[2] >= 0x8b && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xae))) ||
         (at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xaf)))
        return 0;
    if (size == 4 && ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)))
        return 0;
    return size;
}

void printable(char *to, size_t size, const char *from)
{
    static const char instead[] = "\xc2\xb7";
    const uint8_t *at = (const uint8_t *)from;
    size_t used = 0;
    while (*at != '\0') {
        size_t length = character_size(at);
        const void *what = length > 0 ? (const void *)at : instead;
        size_t wide = length > 0 ? length : sizeof instead - 1;
        if (used + wide + 1 > size)
            break;
        memcpy(to + used, what, wide);
        used += wide;
        at += length > 0 ? length : 1;
    }
    to[used] = '\0';
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static uint32_t *slot_of(const struct model *model, const char *text)
{
    uint32_t mask = model->text_hash_size - 1;
    for (uint32_t at = hash_of(text) & mask;; at = (at + 1) & mask) {
        uint32_t number = model->text_by_hash[at];
        if (number == 0 || strcmp(model->texts[number], text) == 0)
            return &model->text_by_hash[at];
    }
}

static int rehash(struct model *model)
{
    uint32_t size = model->text_hash_size == 0 ? 256 : model->text_hash_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    free(model->text_by_hash);
    model->text_by_hash = table;
    model->text_hash_size = size;
    for (uint32_t i = 1; i < model->text_count; i++)
        *slot_of(model, model->texts[i]) = i;
    return 0;
}

uint32_t model_text(struct model *model, const char *raw)
{
    char text[MODEL_NAME_MAX * 2];
    printable(text, sizeof text, raw != NULL ? raw : "");
    if (text[0] == '\0')
        return 0;
    if ((model->text_count + 1) * 2 > model->text_hash_size && rehash(model) != 0)
        return 0;
    uint32_t *slot = slot_of(model, text);
    if (*slot != 0)
        return *slot;
    if (model->text_count >= MODEL_TEXT_MAX)
        return 0;
    if (model->text_count + 1 >= model->text_capacity) {
        uint32_t capacity = model->text_capacity == 0 ? 64 : model->text_capacity * 2;
        char **grown = realloc(model->texts, capacity * sizeof *grown);
        if (grown == NULL)
            return 0;
        model->texts = grown;
        model->text_capacity = capacity;
    }
    if (model->text_count == 0)
        model->texts[model->text_count++] = NULL; /* number 0 is "" */
    char *copy = strdup(text);
    if (copy == NULL)
        return 0;
    model->texts[model->text_count] = copy;
    *slot = model->text_count;
    return model->text_count++;
}

const char *model_text_at(const struct model *model, uint32_t number)
{
    return number > 0 && number < model->text_count ? model->texts[number] : "";
}
