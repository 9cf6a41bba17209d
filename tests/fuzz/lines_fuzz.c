/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The bus decoders: the bytes are changes of four lines, each byte a time and the levels after it; the
 * first byte chooses decoder and options. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHANGES_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {
        "i2c:scl=a,sda=b",
        "spi:clk=a,mosi=b,miso=c,cs=d",
        "spi:clk=a,mosi=b,mode=3,bits=5,order=lsb",
        "uart:rx=a,baud=1M",
        "uart:rx=b,baud=1M,bits=9,parity=odd,stop=2,invert=yes",
        "can:rx=a,bitrate=1M",
        "can:rx=a,bitrate=500k,fast=2M,sample=80",
        "spi:clk=c,miso=d,cs=a,active=high,mode=1",
    };
    /* Steps of 250 ns to some bits' time: what decoders of 1 Mbit/s tell apart. */
    static const unsigned steps[16] = { 250,  500,  1000, 1000, 1000, 1000, 2000,  2000,
                                        3000, 4000, 5000, 5000, 6000, 8000, 20000, 100000 };
    static char text[64 + CHANGES_MAX * 24];
    if (size == 0)
        return 0;
    size_t length = (size_t)sprintf(text, "time_ns,a,b,c,d\n0,1,1,1,1\n");
    unsigned long now = 0;
    for (size_t i = 1; i < size && i < CHANGES_MAX; i++) {
        now += steps[data[i] >> 4];
        length += (size_t)sprintf(text + length, "%lu,%u,%u,%u,%u\n", now, data[i] & 1,
                                  data[i] >> 1 & 1, data[i] >> 2 & 1, data[i] >> 3 & 1);
    }
    const char *chosen[] = { "format=csv", words[data[0] % 8], words[(data[0] >> 3) % 8] };
    fuzz_source((const uint8_t *)text, length, chosen, data[0] & 64 ? 3 : 2);
    return 0;
}
