/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* SPI transfers out of the levels of clock, data and chip select.
 *
 * A bit is sampled at the clock's edge that the mode says (Motorola SPI Block Guide S12SPIV3, section
 * 4.3): rising in modes 0 and 3, falling in 1 and 2. When lines change at one time, the chip select
 * counts first, and data have the level of after. With a chip select a transfer is what is clocked while
 * it is active; without one each word is a transfer. */
#include "line_decoder.h"

#include <stdlib.h>

enum { SPI_CLK = 1, SPI_MOSI = 2, SPI_MISO = 4, SPI_CS = 8 };

struct spi_lines {
    uint8_t given, levels;
    bool falling;     /* the sampling edge */
    bool active_high; /* the chip select */
    bool lsb_first;
    uint8_t word_bits;
    bool selected;
    uint8_t bit_count, mosi_word, miso_word;
    uint64_t start_ns;
    uint32_t size;
    bool truncated;
    bool ready;
    uint64_t ready_ns;
    struct trace_spi done;
    uint8_t *fill,
        *out; /* two buffers of both directions: what is handed out stays while more comes */
};

static bool spi_options(struct spi_lines *spi, struct line_arguments *arguments,
                        const char **reason)
{
    uint64_t mode, bits;
    const char *order = line_argument(arguments, "order");
    const char *active = line_argument(arguments, "active");
    *reason = "mode= is 0 to 3";
    if (!line_number(arguments, "mode", 0, 3, 0, &mode))
        return false;
    *reason = "bits= is 1 to 8";
    if (!line_number(arguments, "bits", 1, 8, 8, &bits))
        return false;
    *reason = "order= is msb or lsb";
    if (order != NULL && strcmp(order, "msb") != 0 && strcmp(order, "lsb") != 0)
        return false;
    *reason = "active= is low or high";
    if (active != NULL && strcmp(active, "low") != 0 && strcmp(active, "high") != 0)
        return false;
    *reason = "";
    spi->falling = mode == 1 || mode == 2;
    spi->word_bits = (uint8_t)bits;
    spi->lsb_first = order != NULL && order[0] == 'l';
    spi->active_high = active != NULL && active[0] == 'h';
    return true;
}

static struct line_decoder *spi_create(struct line_arguments *arguments, uint8_t given,
                                       const char **reason)
{
    struct spi_lines *spi = calloc(1, sizeof *spi);
    if (spi == NULL)
        return NULL;
    spi->given = given;
    if (!spi_options(spi, arguments, reason))
        goto failed;
    if ((given & (SPI_MOSI | SPI_MISO)) == 0) {
        *reason = "neither mosi= nor miso= is given";
        goto failed;
    }
    spi->fill = malloc(2 * (size_t)LINE_BYTES_MAX);
    spi->out = malloc(2 * (size_t)LINE_BYTES_MAX);
    if (spi->fill == NULL || spi->out == NULL) {
        free(spi->fill);
        free(spi->out);
        goto failed;
    }
    return (struct line_decoder *)spi;
failed:
    free(spi);
    return NULL;
}

static bool selects(const struct spi_lines *spi, uint8_t levels)
{
    return (spi->given & SPI_CS) == 0 || ((levels & SPI_CS) != 0) == spi->active_high;
}

static void begin(struct spi_lines *spi, uint64_t time_ns)
{
    spi->start_ns = time_ns;
    spi->size = 0;
    spi->truncated = false;
    spi->bit_count = spi->mosi_word = spi->miso_word = 0;
}

static void spi_restart(struct line_decoder *decoder, uint8_t levels)
{
    struct spi_lines *spi = (struct spi_lines *)decoder;
    spi->levels = levels;
    spi->ready = false;
    spi->selected = selects(spi, levels);
    begin(spi, 0);
}

static void hand_out(struct spi_lines *spi, uint64_t time_ns)
{
    if (spi->size == 0 && spi->bit_count == 0)
        return; /* selected, and nothing was said */
    uint8_t *filled = spi->fill;
    spi->fill = spi->out;
    spi->out = filled;
    spi->done = (struct trace_spi){ .start_ns = spi->start_ns,
                                    .size = spi->size,
                                    .partial_bits = spi->bit_count,
                                    .has_mosi = (spi->given & SPI_MOSI) != 0,
                                    .has_miso = (spi->given & SPI_MISO) != 0,
                                    .truncated = spi->truncated,
                                    .mosi_data = filled,
                                    .miso_data = filled + LINE_BYTES_MAX };
    spi->ready = true;
    spi->ready_ns = time_ns;
}

static uint8_t shifted(const struct spi_lines *spi, uint8_t word, bool bit)
{
    if (spi->lsb_first)
        return (uint8_t)(word | (unsigned)bit << spi->bit_count);
    return (uint8_t)(word << 1 | bit);
}

static void sample(struct spi_lines *spi, uint64_t time_ns)
{
    if (spi->size == 0 && spi->bit_count == 0 && (spi->given & SPI_CS) == 0)
        spi->start_ns = time_ns;
    spi->mosi_word = shifted(spi, spi->mosi_word, (spi->levels & SPI_MOSI) != 0);
    spi->miso_word = shifted(spi, spi->miso_word, (spi->levels & SPI_MISO) != 0);
    if (++spi->bit_count < spi->word_bits)
        return;
    if (spi->size < LINE_BYTES_MAX) {
        spi->fill[spi->size] = spi->mosi_word;
        spi->fill[LINE_BYTES_MAX + spi->size++] = spi->miso_word;
    } else {
        spi->truncated = true;
    }
    spi->bit_count = spi->mosi_word = spi->miso_word = 0;
    if ((spi->given & SPI_CS) == 0) {
        hand_out(spi, time_ns);
        begin(spi, time_ns);
    }
}

static void spi_change(struct line_decoder *decoder, uint64_t time_ns, uint8_t levels)
{
    struct spi_lines *spi = (struct spi_lines *)decoder;
    bool clock_changed = ((levels ^ spi->levels) & SPI_CLK) != 0;
    bool selected = selects(spi, levels);
    spi->levels = levels;
    if (selected != spi->selected) {
        if (!selected)
            hand_out(spi, time_ns);
        begin(spi, time_ns);
        spi->selected = selected;
    }
    if (selected && clock_changed && ((levels & SPI_CLK) != 0) != spi->falling)
        sample(spi, time_ns);
}

static bool spi_advance(struct line_decoder *decoder, uint64_t until_ns,
                        struct trace_record *record)
{
    (void)until_ns;
    struct spi_lines *spi = (struct spi_lines *)decoder;
    if (!spi->ready)
        return false;
    spi->ready = false;
    *record = (struct trace_record){ .time_ns = spi->ready_ns, .spi = spi->done };
    return true;
}

static bool spi_finish(struct line_decoder *decoder, uint64_t end_ns, struct trace_record *record)
{
    struct spi_lines *spi = (struct spi_lines *)decoder;
    if (spi->selected)
        hand_out(spi, end_ns);
    return spi_advance(decoder, end_ns, record);
}

static void spi_destroy(struct line_decoder *decoder)
{
    struct spi_lines *spi = (struct spi_lines *)decoder;
    free(spi->fill);
    free(spi->out);
    free(spi);
}

const struct line_decoder_type line_spi = {
    .word = "spi:",
    .name = "spi",
    .usage = "spi:clk=LINE,mosi=LINE,miso=LINE,cs=LINE (one of mosi and miso may be missing, and "
             "cs), with "
             "mode=0..3, bits=1..8, order=msb|lsb, active=low|high, name=BUS if you like",
    .kind = TRACE_SPI,
    .line = { "clk", "mosi", "miso", "cs" },
    .required = SPI_CLK,
    .idle = 0,
    .create = spi_create,
    .restart = spi_restart,
    .change = spi_change,
    .advance = spi_advance,
    .finish = spi_finish,
    .destroy = spi_destroy,
};
