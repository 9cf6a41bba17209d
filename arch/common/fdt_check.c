/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* libfdt's fdt_check_full(), which Linux's copy of the library leaves out: a tree whose structure is
 * sound as a whole, so that the library's other functions may be used on it.
 *
 * Every tag is visited once; the library's own steps find what leads out of the tree. tests/arch
 * compares the verdict with Debian's libfdt on damaged trees. */
#include <axiom/types.h>
#include <libfdt.h>

struct walk {
    const void *fdt;
    unsigned int depth;
    bool root_ended;
};

static int check_begin(struct walk *walk, int offset)
{
    int length = 0;
    const char *name = fdt_get_name(walk->fdt, offset, &length);
    if (name == NULL)
        return length;
    if (walk->root_ended || (walk->depth == 0 && length != 0))
        return -FDT_ERR_BADSTRUCTURE;
    walk->depth++;
    return 0;
}

static int check_end(struct walk *walk)
{
    if (walk->depth == 0)
        return -FDT_ERR_BADSTRUCTURE;
    walk->root_ended = --walk->depth == 0;
    return 0;
}

static int check_property(const struct walk *walk, int offset)
{
    const char *name = NULL;
    int error = 0;
    if (walk->depth == 0)
        return -FDT_ERR_BADSTRUCTURE;
    return fdt_getprop_by_offset(walk->fdt, offset, &name, &error) == NULL ? error : 0;
}

static int check_tags(const void *fdt)
{
    struct walk walk = { .fdt = fdt };
    int offset, next = 0;
    for (;;) {
        int err = 0;
        offset = next;
        switch (fdt_next_tag(fdt, offset, &next)) {
        case FDT_BEGIN_NODE:
            err = check_begin(&walk, offset);
            break;
        case FDT_END_NODE:
            err = check_end(&walk);
            break;
        case FDT_PROP:
            err = check_property(&walk, offset);
            break;
        case FDT_NOP:
            break;
        case FDT_END:
            /* Also what fdt_next_tag() says when it has left the structure; `next` tells. */
            return next < 0 ? next : walk.root_ended ? 0 : -FDT_ERR_BADSTRUCTURE;
        default:
            return -FDT_ERR_BADSTRUCTURE;
        }
        if (err == 0 && next < 0)
            err = next;
        if (err != 0)
            return err;
    }
}

int fdt_check_full(const void *fdt, size_t size)
{
    if (size < FDT_V1_SIZE)
        return -FDT_ERR_TRUNCATED;
    int err = fdt_magic(fdt) == FDT_MAGIC && size < fdt_header_size(fdt) ? -FDT_ERR_TRUNCATED
                                                                         : fdt_check_header(fdt);
    if (err != 0)
        return err;
    if (fdt_totalsize(fdt) > size)
        return -FDT_ERR_TRUNCATED;
    int reserved = fdt_num_mem_rsv(fdt);
    return reserved < 0 ? reserved : check_tags(fdt);
}
