/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Extension and function numbers by SBI 1.0's chapters; the legacy ones (5) are used where nothing
 * newer is there. An ecall may change a0 and a1 only (3). */
#include "sbi.h"

#define EID_LEGACY_SET_TIMER 0x00u
#define EID_LEGACY_PUTCHAR   0x01u
#define EID_LEGACY_SHUTDOWN  0x08u
#define EID_BASE             0x10u
#define EID_TIME             0x54494d45u
#define EID_IPI              0x735049u
#define EID_RFENCE           0x52464e43u
#define EID_HSM              0x48534du
#define EID_SRST             0x53525354u
#define EID_DBCN             0x4442434eu /* SBI 2.0 */

#define BASE_PROBE       3u
#define RFENCE_FENCE_I   0u
#define RFENCE_SFENCE    1u
#define HSM_START        0u
#define SRST_SHUTDOWN    0u
#define SRST_COLD_REBOOT 1u
#define SRST_NO_REASON   0u
#define SRST_FAILURE     1u
#define DBCN_WRITE_BYTE  2u

static struct {
    bool time, ipi, rfence, hsm, srst, dbcn;
} has;

struct sbi_result {
    int64_t error;
    uint64_t value;
};

static struct sbi_result call(uint64_t extension, uint64_t function, uint64_t arg0, uint64_t arg1,
                              uint64_t arg2, uint64_t arg3)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a3 __asm__("a3") = arg3;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){ (int64_t)a0, a1 };
}

static bool probe(uint64_t extension)
{
    struct sbi_result result = call(EID_BASE, BASE_PROBE, extension, 0, 0, 0);
    return result.error == 0 && result.value != 0;
}

void sbi_init(void)
{
    has.time = probe(EID_TIME);
    has.ipi = probe(EID_IPI);
    has.rfence = probe(EID_RFENCE);
    has.hsm = probe(EID_HSM);
    has.srst = probe(EID_SRST);
    has.dbcn = probe(EID_DBCN);
}

bool sbi_has_hsm(void)
{
    return has.hsm;
}

bool sbi_has_ipi(void)
{
    return has.ipi;
}

bool sbi_has_rfence(void)
{
    return has.rfence;
}

void sbi_console_put(char byte)
{
    if (has.dbcn)
        call(EID_DBCN, DBCN_WRITE_BYTE, (uint8_t)byte, 0, 0, 0);
    else
        call(EID_LEGACY_PUTCHAR, 0, (uint8_t)byte, 0, 0, 0);
}

void sbi_set_timer(uint64_t ticks)
{
    call(has.time ? EID_TIME : EID_LEGACY_SET_TIMER, 0, ticks, 0, 0, 0);
}

void sbi_send_ipi(uint64_t mask, uint64_t base)
{
    call(EID_IPI, 0, mask, base, 0, 0);
}

void sbi_remote_sfence(uint64_t mask, uint64_t base, uint64_t at, uint64_t size)
{
    call(EID_RFENCE, RFENCE_SFENCE, mask, base, at, size);
}

void sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
    call(EID_RFENCE, RFENCE_FENCE_I, mask, base, 0, 0);
}

int64_t sbi_hart_start(uint64_t hart, uint64_t address, uint64_t opaque)
{
    return call(EID_HSM, HSM_START, hart, address, opaque, 0).error;
}

void sbi_shutdown(bool failed)
{
    if (has.srst)
        call(EID_SRST, 0, SRST_SHUTDOWN, failed ? SRST_FAILURE : SRST_NO_REASON, 0, 0);
    call(EID_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0);
}

void sbi_reboot(void)
{
    if (has.srst)
        call(EID_SRST, 0, SRST_COLD_REBOOT, SRST_NO_REASON, 0, 0);
}
