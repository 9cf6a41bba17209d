/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A trace of whatever kind as one stream of records in time order.
 *
 * trace_open() looks at the content, not at the suffix: sigrok session files (.sr), CSV, VCD, candump
 * logs, PX4 ULog, Betaflight blackbox logs, MCAP (Axiom's own and rosbag2's). Whatever the format says about time becomes integer nanoseconds from the
 * trace's origin; sample k of a capture is at floor(k * 1e9 / rate), never accumulated. Physical
 * quantities become int64 counts of 1e-9 SI units ("nano"), rounded once, ties away from zero.
 *
 * Between calls these hold: the channel list is complete and fixed once trace_open() has returned;
 * records come in non-decreasing time_ns; records of equal time come in channel order for captures,
 * in file order for the rest. A trace whose time runs backwards ends in an error that names the
 * place. Memory depends on the number of channels and on fixed buffers, never on the trace's
 * length. All content is hostile. Only regular files (or memory) are read, because a source can be
 * rewound and some formats are passed over once before the first record comes.
 *
 * Everything returns 0 or a negative errno and fills `error` (never NULL) with what is wrong,
 * where, and the way out. */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

struct trace_source;

struct trace_error {
    char text[480]; /* "FILE:12:3: what is wrong; what to do" */
};

enum trace_kind {
    TRACE_LEVEL,  /* a line with levels 0 and 1; a record is a change */
    TRACE_SCALAR, /* one number, nano of `unit` */
    TRACE_SCAN,   /* samples of one device: `scan_count` numbers taken at one time, nano SI by
                     `quantity` */
    TRACE_I2C,    /* transactions of a bus */
    TRACE_SPI,    /* transfers of a bus, chip select to chip select */
    TRACE_UART,   /* characters of one direction of a line */
    TRACE_CAN,    /* frames of a bus */
};

#define TRACE_SCAN_MAX EVENT_IIO_CHANNEL_MAX

struct trace_channel {
    const char *name; /* as the file names it ("X step", "sensor_combined", "imu"); unique within
                         the source */
    const char *unit; /* TRACE_SCALAR: "V", "hPa", ...; "" where the file does not say */
    const char *note; /* "" or what a person should know, e.g. why a column became no IMU channel */
    enum trace_kind kind;
    uint8_t scan_count;
    uint8_t quantity[TRACE_SCAN_MAX]; /* TRACE_SCAN: enum iio_quantity */
    int8_t
        initial_level; /* TRACE_LEVEL: the level at time 0, before the first record; -1: unknown */
    int32_t line;      /* captures: number of the probe, from 0; -1 elsewhere */
    uint64_t rate_millihertz; /* of the samples; 0 where they are not periodic or the file does not
                                 say */
    uint64_t count; /* records that will come; TRACE_COUNT_UNKNOWN where only reading will tell */
};

#define TRACE_COUNT_UNKNOWN UINT64_MAX

enum trace_record_type {
    TRACE_RECORD_VALUE,
    TRACE_RECORD_GAP, /* the recorder lost data here, of any channel; `channel` means nothing */
};

/* One START to STOP: an optional write, then an optional read behind a repeated START, of one
 * address. A repeated START that does not fit this shape ends the record (`stopped` is false),
 * which then comes when the next address is known. */
struct trace_i2c {
    uint64_t start_ns; /* the START condition; time_ns of the record is that of the STOP */
    uint8_t address;   /* 7 bit */
    bool address_nack; /* nobody answered */
    bool write_nack;   /* the last written byte was not acknowledged */
    bool stopped;      /* false: ended by a repeated START or by the trace's end */
    bool truncated;    /* it had more bytes than are kept (65,535 in each direction) */
    bool has_write, has_read;
    uint32_t write_size, read_size;
    const uint8_t *write_data, *read_data; /* valid until the next call */
};

/* While the chip was selected, or one word on a bus without a chip select. */
struct trace_spi {
    uint64_t start_ns;    /* selected; time_ns of the record is that of the end */
    uint32_t size;        /* words in each direction */
    uint8_t partial_bits; /* clocked behind the last whole word, and not kept */
    bool has_mosi, has_miso;
    bool truncated;                       /* it had more words than are kept (65,535) */
    const uint8_t *mosi_data, *miso_data; /* a word of up to 8 bits each; until the next call */
};

struct trace_uart {
    uint64_t start_ns; /* the start bit's edge; time_ns of the record is in the stop bit */
    uint16_t value;    /* 5 to 9 bits */
    bool parity_error, framing_error; /* the stop bit is low; with value 0 that is a break */
};

#define TRACE_CAN_DATA_MAX 64

struct trace_can {
    uint64_t start_ns; /* decoded lines: start of frame; else time_ns */
    uint32_t id;       /* 11 or 29 bits; the error class of an error frame */
    bool extended, remote, error;
    bool fd, bit_rate_switch, error_state; /* CAN FD, its BRS and ESI */
    bool fd_marker;      /* candump: FD flags have 4 set, as Linux has had since 5.14 */
    bool transmitted;    /* by the recording node, where the log says */
    bool damaged;        /* decoded lines: CRC, stuffing or form is wrong */
    bool unacknowledged; /* decoded lines: nobody acknowledged */
    uint8_t dlc;         /* as sent, 0 to 15 */
    uint8_t size;        /* of data: 0 to 8, FD to 64 */
    uint8_t data[TRACE_CAN_DATA_MAX];
};

struct trace_record {
    uint64_t time_ns;   /* from the trace's origin */
    uint64_t source_ns; /* the source's own stamp */
    uint32_t channel;   /* index */
    enum trace_record_type type;
    union {
        uint8_t level;
        int64_t nano;
        int64_t scan[TRACE_SCAN_MAX];
        struct trace_i2c i2c;
        struct trace_spi spi;
        struct trace_uart uart;
        struct trace_can can;
        uint64_t gap_ns; /* how long the recorder lost data; the gap begins at time_ns */
    };
};

/* Options, each a word of the command line; a NULL or empty list is fine. A word that no format knows
 * is an error.
 *   format=NAME               do not guess: csv, sr, vcd, candump, blackbox, ulog, mcap
 *   rate=480                  Hz, up to three decimals: CSV without a time column
 *   origin=first|zero         CSV, VCD, candump, MCAP: time 0 is the first stamp or stamp 0; unless told,
 *                             zero for CSV and VCD, and for the others first where the stamps are
 *                             UNIX times
 *   unit:COLUMN=UNIT          CSV: the unit of a column whose header does not say
 *   log=2                     blackbox: which of the logs in the file, from 1
 *   limit=BYTES               captures: the most sample bytes to unpack (64 GiB unless told)
 * Decoders, of lines by name or number; each makes one more channel, and several may be given:
 *   i2c:scl=2,sda=1[,name=N]
 *   spi:clk=0[,mosi=1][,miso=2][,cs=3][,mode=0..3][,bits=1..8][,order=msb|lsb][,active=low|high][,name=N]
 *   uart:rx=0[,baud=115200][,bits=5..9][,parity=none|odd|even][,stop=1|2][,invert=yes][,name=N]
 *   can:rx=0[,bitrate=500000][,fast=2000000][,sample=70][,name=N]   Hz, Hz, percent of a bit
 */
struct trace_options {
    const char *const *word;
    size_t count;
};

/* Caller owns *source; release with trace_close(). */
int trace_open(const char *path, const struct trace_options *options, struct trace_source **source,
               struct trace_error *error);
/* The same for bytes in memory, which must outlive the source; `name` stands in for the path in
 * messages. */
int trace_open_memory(const void *bytes, size_t size, const char *name,
                      const struct trace_options *options, struct trace_source **source,
                      struct trace_error *error);
void trace_close(struct trace_source *source);

const char *
trace_format(const struct trace_source *source); /* "sigrok .sr", "CSV", "PX4 ULog", "MCAP", ... */
uint32_t trace_channel_count(const struct trace_source *source);
const struct trace_channel *trace_channel_at(const struct trace_source *source, uint32_t index);
/* Index of the channel with that name (a topic may have its first slash), or of a capture's line with that
 * number; -ENOENT. */
int64_t trace_channel_find(const struct trace_source *source, const char *name);
/* Where reading is, 0 to 1000 per mille of the input, for a progress line. */
uint32_t trace_progress(const struct trace_source *source);
/* The time just after the last sample where the format knows it before reading (captures); 0
 * elsewhere. */
uint64_t trace_end_ns(const struct trace_source *source);
/* Values left out so far because nano cannot hold them (NaN, infinite, beyond 9.2e9). */
uint64_t trace_unrepresentable(const struct trace_source *source);

/* "" or what is wrong with the trace but does not stop it: a last message that is cut, analog
 * channels left out. Complete when the end has been reached. */
const char *trace_warning(const struct trace_source *source);

/* 1: *record is the next one (its pointers are valid until the next call); 0: the end; else a
 * negative errno, and every further call gives the same. */
int trace_next(struct trace_source *source, struct trace_record *record, struct trace_error *error);
/* Back to before the first record. */
int trace_rewind(struct trace_source *source, struct trace_error *error);
