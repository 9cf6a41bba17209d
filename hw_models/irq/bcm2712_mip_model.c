/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BCM2712 MIP: message-signalled interrupts of PCIe to GIC SPIs.
 *
 * There is no public datasheet: what follows is what drivers/irqchip/irq-bcm2712-mip.c relies on. A
 * message for vector n raises status bit n. While the host mask lets it through, an edge typed
 * vector (CFG 1) pulses its SPI and drops the status by itself; a level typed one (CFG 0) holds its
 * SPI until CLEARED is written. A masked message stays in status and is delivered when unmasked.
 * Reset values are assumed: everything masked and level typed, so a driver has to set it up.
 * RAISED written by software raises vectors 0-31 for a test (bare-metal notes). */
#include <hw/regs/bcm2712_mip.h>
#include <hw_models/models.h>

struct mip {
    struct model model;
    uint32_t offset; /* vector of the first entry of msi-ranges */
    /* [0] vectors 0-31, [1] 32-63 */
    uint32_t raised[2], config[2], mask_host[2], mask_vpu[2], output[2];
};

static struct mip *mip_of(struct model *model)
{
    return CONTAINER_OF(model, struct mip, model);
}

/* Vector n is message n - offset of msi-ranges, which the machine wires to the SPI. */
static void spi_set(struct mip *mip, uint32_t vector, bool level)
{
    if (vector >= mip->offset)
        model_line_set(&mip->model, vector - mip->offset, 0, level);
}

static void update(struct mip *mip, uint32_t half)
{
    uint32_t passing = mip->raised[half] & ~mip->mask_host[half];
    uint32_t level = passing & ~mip->config[half];
    uint32_t changed = level ^ mip->output[half];
    model_reg_set(&mip->model, &mip->output[half], level);
    for (; changed != 0; changed &= changed - 1) {
        uint32_t bit = (uint32_t)__builtin_ctz(changed);
        spi_set(mip, 32 * half + bit, (level & BIT(bit)) != 0);
    }
    uint32_t pulse = passing & mip->config[half];
    model_reg_set(&mip->model, &mip->raised[half], mip->raised[half] & ~pulse);
    for (; pulse != 0; pulse &= pulse - 1) {
        uint32_t vector = 32 * half + (uint32_t)__builtin_ctz(pulse);
        spi_set(mip, vector, true);
        spi_set(mip, vector, false);
    }
}

static void mip_message(struct model *model, uint32_t vector, uint32_t cpu, bool level)
{
    (void)cpu;
    struct mip *mip = mip_of(model);
    if (vector >= MIP_VECTOR_COUNT || !level)
        return;
    uint32_t half = vector / 32, bit = BIT(vector % 32);
    if ((mip->config[half] & ~mip->mask_host[half] & bit) != 0) { /* the usual case, in short */
        spi_set(mip, vector, true);
        spi_set(mip, vector, false);
        return;
    }
    model_reg_set(model, &mip->raised[half], mip->raised[half] | bit);
    update(mip, half);
}

static uint64_t mip_read(struct model *model, const struct model_access *access)
{
    struct mip *mip = mip_of(model);
    if (access->region != 0 || access->size != 4) {
        model_warn(model, "read of %u bytes in region %u", access->size, access->region);
        return 0;
    }
    switch (access->offset) {
    case MIP_INT_RAISED:
        return mip->raised[0];
    case MIP_INT_CFGL_HOST:
        return mip->config[0];
    case MIP_INT_CFGH_HOST:
        return mip->config[1];
    case MIP_INT_MASKL_HOST:
        return mip->mask_host[0];
    case MIP_INT_MASKH_HOST:
        return mip->mask_host[1];
    case MIP_INT_MASKL_VPU:
        return mip->mask_vpu[0];
    case MIP_INT_MASKH_VPU:
        return mip->mask_vpu[1];
    case MIP_INT_STATUSL_HOST:
        return mip->raised[0] & ~mip->mask_host[0];
    case MIP_INT_STATUSH_HOST:
        return mip->raised[1] & ~mip->mask_host[1];
    case MIP_INT_STATUSL_VPU:
        return mip->raised[0] & ~mip->mask_vpu[0];
    case MIP_INT_STATUSH_VPU:
        return mip->raised[1] & ~mip->mask_vpu[1];
    default:
        return 0;
    }
}

static void mip_write(struct model *model, const struct model_access *access, uint64_t wide)
{
    struct mip *mip = mip_of(model);
    uint32_t value = (uint32_t)wide, half = 0;
    if (access->region != 0 || access->size != 4) {
        model_warn(model, "write of %u bytes in region %u", access->size, access->region);
        return;
    }
    switch (access->offset) {
    case MIP_INT_RAISED:
        model_reg_set(model, &mip->raised[0], mip->raised[0] | value);
        break;
    case MIP_INT_CLEARED:
        model_reg_set(model, &mip->raised[0], mip->raised[0] & ~value);
        break;
    case MIP_INT_CFGH_HOST:
        half = 1; /* fall through */
    case MIP_INT_CFGL_HOST:
        model_reg_set(model, &mip->config[half], value);
        break;
    case MIP_INT_MASKH_HOST:
        half = 1; /* fall through */
    case MIP_INT_MASKL_HOST:
        model_reg_set(model, &mip->mask_host[half], value);
        break;
    case MIP_INT_MASKH_VPU:
        half = 1; /* fall through */
    case MIP_INT_MASKL_VPU:
        model_reg_set(model, &mip->mask_vpu[half], value);
        break;
    default:
        model_warn(model, "write of %#x to offset %#llx", value,
                   (unsigned long long)access->offset);
        return;
    }
    update(mip, half);
}

static int mip_init(struct model *model, const struct model_node *node)
{
    struct mip *mip = mip_of(model);
    (void)model_node_u32(node, "brcm,msi-offset", 0, &mip->offset);
    for (uint32_t half = 0; half < 2; half++) {
        mip->mask_host[half] = UINT32_MAX;
        mip->mask_vpu[half] = UINT32_MAX;
    }
    return 0;
}

static const char *const mip_compatible[] = { "brcm,bcm2712-mip", NULL };

const struct model_ops bcm2712_mip_model = {
    .name = "bcm2712-mip",
    .compatible = mip_compatible,
    .size = sizeof(struct mip),
    .init = mip_init,
    .read = mip_read,
    .write = mip_write,
    .line_input = mip_message,
};
