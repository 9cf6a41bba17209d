/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "hostile_pci.h"

#include <hw/regs/pci.h>
#include <hw_models/models.h>

static const uint8_t *edits;
static size_t edit_count;
static struct model_ops hostile;

void hostile_pci_edits(const uint8_t *bytes, size_t size)
{
    edits = bytes;
    edit_count = size / HOSTILE_PCI_EDIT;
}

static uint64_t hostile_read(struct model *model, const struct model_access *access)
{
    uint64_t value = pci_host_model.read(model, access);
    for (size_t i = 0; access->region == 0 && i < edit_count; i++) {
        const uint8_t *edit = edits + i * HOSTILE_PCI_EDIT;
        uint64_t at = PCI_ECAM_AT(0, edit[0] >> 3, edit[0] & 7) + edit[1];
        if (at < access->offset || at >= access->offset + access->size)
            continue;
        uint64_t shift = 8 * (at - access->offset);
        value = (value & ~(UINT64_C(0xff) << shift)) | (uint64_t)edit[2] << shift;
    }
    return value;
}

static int hostile_init(struct model *model, const struct model_node *node)
{
    return pci_host_model.init(model, node);
}

static const char *const compatible[] = { "pci-host-ecam-generic", NULL };

static struct model_ops hostile = {
    .name = "hostile-pci",
    .compatible = compatible,
    .init = hostile_init,
    .read = hostile_read,
};

/* In the place of hw_models/table.c's. */
const struct model_ops *const model_table[] = { &gic_v2_model, &arm_timer_model, &hostile, NULL };

__attribute__((constructor)) static void complete_ops(void)
{
    hostile.size = pci_host_model.size;
    hostile.write = pci_host_model.write;
}
