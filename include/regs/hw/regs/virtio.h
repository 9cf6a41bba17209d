/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtio devices: transports, rings, and two device types. Source: Virtual I/O Device (VIRTIO)
 * Version 1.2, OASIS Committee Specification 01 (July 2022); sections in brackets. All is little
 * endian; the legacy interface is not used. */
#pragma once
#include <axiom/bits.h>

/* --- device status [2.1] --- */
#define VIRTIO_STATUS_ACKNOWLEDGE BIT(0)
#define VIRTIO_STATUS_DRIVER      BIT(1)
#define VIRTIO_STATUS_DRIVER_OK   BIT(2)
#define VIRTIO_STATUS_FEATURES_OK BIT(3)
#define VIRTIO_STATUS_NEEDS_RESET BIT(6)
#define VIRTIO_STATUS_FAILED      BIT(7)

/* --- feature bits of all devices [6] --- */
#define VIRTIO_F_INDIRECT_DESC   BIT64(28)
#define VIRTIO_F_EVENT_IDX       BIT64(29)
#define VIRTIO_F_VERSION_1       BIT64(32)
#define VIRTIO_F_ACCESS_PLATFORM BIT64(33)

/* --- device types [5] --- */
#define VIRTIO_TYPE_BLOCK   2u
#define VIRTIO_TYPE_CONSOLE 3u

/* --- split virtqueues [2.7]: three areas --- */
#define VIRTQ_SIZE_MAX 32768u /* [2.7] */

struct virtq_desc { /* [2.7.5]; 16 bytes each, aligned to 16 */
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
#define VIRTQ_DESC_NEXT     BIT(0)
#define VIRTQ_DESC_WRITE    BIT(1) /* the device writes */
#define VIRTQ_DESC_INDIRECT BIT(2)

struct virtq_avail { /* [2.7.6]; aligned to 2 */
    uint16_t flags, index, ring[];
};
#define VIRTQ_AVAIL_NO_INTERRUPT BIT(0)

struct virtq_used_element { /* [2.7.8] */
    uint32_t id, length;
};
struct virtq_used { /* aligned to 4 */
    uint16_t flags, index;
    struct virtq_used_element ring[];
};
#define VIRTQ_USED_NO_NOTIFY BIT(0)

/* --- registers over MMIO [4.2.2] --- */
#define VIRTIO_MMIO_MAGIC               0x000u
#define VIRTIO_MMIO_VERSION             0x004u
#define VIRTIO_MMIO_DEVICE_ID           0x008u /* 0: a place without a device */
#define VIRTIO_MMIO_VENDOR_ID           0x00cu
#define VIRTIO_MMIO_DEVICE_FEATURES     0x010u
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014u
#define VIRTIO_MMIO_DRIVER_FEATURES     0x020u
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024u
#define VIRTIO_MMIO_QUEUE_SEL           0x030u
#define VIRTIO_MMIO_QUEUE_NUM_MAX       0x034u
#define VIRTIO_MMIO_QUEUE_NUM           0x038u
#define VIRTIO_MMIO_QUEUE_READY         0x044u
#define VIRTIO_MMIO_QUEUE_NOTIFY        0x050u
#define VIRTIO_MMIO_INTERRUPT_STATUS    0x060u
#define VIRTIO_MMIO_INTERRUPT_ACK       0x064u
#define VIRTIO_MMIO_STATUS              0x070u
#define VIRTIO_MMIO_QUEUE_DESC_LOW      0x080u
#define VIRTIO_MMIO_QUEUE_DESC_HIGH     0x084u
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW    0x090u
#define VIRTIO_MMIO_QUEUE_DRIVER_HIGH   0x094u
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW    0x0a0u
#define VIRTIO_MMIO_QUEUE_DEVICE_HIGH   0x0a4u
#define VIRTIO_MMIO_CONFIG_GENERATION   0x0fcu
#define VIRTIO_MMIO_CONFIG              0x100u
#define VIRTIO_MMIO_SIZE                0x200u
#define VIRTIO_MMIO_MAGIC_VALUE         0x74726976u /* "virt" */
#define VIRTIO_MMIO_VERSION_VALUE       2u
#define VIRTIO_INTERRUPT_QUEUE          BIT(0) /* InterruptStatus, and the ISR over PCI [4.1.4.5] */
#define VIRTIO_INTERRUPT_CONFIG         BIT(1)

/* --- over PCI [4.1] --- */
#define VIRTIO_PCI_VENDOR        0x1af4u
#define VIRTIO_PCI_DEVICE(t)     (0x1040u + (t)) /* [4.1.2.1] */
#define VIRTIO_PCI_TRANS_FIRST   0x1000u /* transitional devices have numbers of their own */
#define VIRTIO_PCI_TRANS_BLOCK   0x1001u
#define VIRTIO_PCI_TRANS_CONSOLE 0x1003u

/* The vendor-specific capability [4.1.4]. */
#define VIRTIO_PCI_CAP_TYPE       3u
#define VIRTIO_PCI_CAP_BAR        4u
#define VIRTIO_PCI_CAP_OFFSET     8u
#define VIRTIO_PCI_CAP_LENGTH     12u
#define VIRTIO_PCI_CAP_MULTIPLIER 16u /* of the notify capability: bytes a queue_notify_off */
#define VIRTIO_PCI_CAP_SIZE       16u

enum virtio_pci_cap_type {
    VIRTIO_PCI_CAP_COMMON = 1,
    VIRTIO_PCI_CAP_NOTIFY = 2,
    VIRTIO_PCI_CAP_ISR = 3,
    VIRTIO_PCI_CAP_DEVICE = 4,
};

/* The common configuration [4.1.4.3]; widths in comments, else 32 bits. */
#define VIRTIO_PCI_DEVICE_FEATURE_SELECT 0x00u
#define VIRTIO_PCI_DEVICE_FEATURE        0x04u
#define VIRTIO_PCI_DRIVER_FEATURE_SELECT 0x08u
#define VIRTIO_PCI_DRIVER_FEATURE        0x0cu
#define VIRTIO_PCI_CONFIG_MSIX_VECTOR    0x10u /* 16 */
#define VIRTIO_PCI_NUM_QUEUES            0x12u /* 16 */
#define VIRTIO_PCI_DEVICE_STATUS         0x14u /* 8 */
#define VIRTIO_PCI_CONFIG_GENERATION     0x15u /* 8 */
#define VIRTIO_PCI_QUEUE_SELECT          0x16u /* 16 */
#define VIRTIO_PCI_QUEUE_SIZE            0x18u /* 16 */
#define VIRTIO_PCI_QUEUE_MSIX_VECTOR     0x1au /* 16 */
#define VIRTIO_PCI_QUEUE_ENABLE          0x1cu /* 16 */
#define VIRTIO_PCI_QUEUE_NOTIFY_OFF      0x1eu /* 16 */
#define VIRTIO_PCI_QUEUE_DESC            0x20u /* 64, as two of 32 [4.1.3.1] */
#define VIRTIO_PCI_QUEUE_DRIVER          0x28u
#define VIRTIO_PCI_QUEUE_DEVICE          0x30u
#define VIRTIO_PCI_COMMON_SIZE           0x38u
#define VIRTIO_PCI_NO_VECTOR             0xffffu

/* --- block devices [5.2] --- */
#define VIRTIO_BLOCK_F_RO        BIT64(5)
#define VIRTIO_BLOCK_F_FLUSH     BIT64(9)
#define VIRTIO_BLOCK_CAPACITY    0x00u /* of the configuration: 64 bits, in sectors */
#define VIRTIO_BLOCK_SECTOR_SIZE 512u
#define VIRTIO_BLOCK_HEADER_SIZE 16u /* type, reserved (32 bits each), sector (64) [5.2.6] */
#define VIRTIO_BLOCK_T_IN        0u
#define VIRTIO_BLOCK_T_OUT       1u
#define VIRTIO_BLOCK_T_FLUSH     4u
#define VIRTIO_BLOCK_S_OK        0u
#define VIRTIO_BLOCK_S_IOERR     1u
#define VIRTIO_BLOCK_S_UNSUPP    2u

/* --- consoles [5.3]: the first port's queues --- */
#define VIRTIO_CONSOLE_QUEUE_RECEIVE  0u
#define VIRTIO_CONSOLE_QUEUE_TRANSMIT 1u
