/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an object asks of the kernel by name: libbpf's externs.
 *
 * extern T CONFIG_X __kconfig;   a value of the kernel's configuration: in a read-only map .kconfig
 * extern T var __ksym;           a variable of the kernel, by its BTF; void: just its address
 * extern T func(...) __ksym;     a kfunc, by its BTF
 *
 * BTF lists them as members of the sections .kconfig and .ksyms, which have no bytes. Weak ones may
 * be missing and are then 0; a strong one that is missing fails the programs that use it. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>
#include <bpf_internal/object_extern.h>

#define EXTERN_MAX    4096u
#define KCONFIG_MAX   65536u /* bytes of the map */
#define KSYM_WORK_MAX 1000000u

/* --- Values of the configuration --- */

/* What follows "NAME=" in a line of the configuration, up to the line's end. */
static const char *find_config(const char *lines, const char *name, size_t *length)
{
    size_t name_length = strlen(name);
    for (const char *at = lines; at != NULL && *at != '\0';) {
        const char *end = strchr(at, '\n');
        size_t line = end == NULL ? strlen(at) : (size_t)(end - at);
        if (line > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            *length = line - name_length - 1;
            return at + name_length + 1;
        }
        at = end == NULL ? NULL : end + 1;
    }
    return NULL;
}

static bool read_number(const char *text, size_t length, uint64_t *value)
{
    bool is_negative = length > 0 && *text == '-';
    size_t at = is_negative;
    uint64_t base = 10;
    if (length - at > 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x') {
        base = 16;
        at += 2;
    }
    if (at == length)
        return false;
    for (*value = 0; at < length; at++) {
        uint32_t c = (uint8_t)text[at];
        uint32_t digit = c - '0' < 10            ? c - '0'
                         : (c | 0x20u) - 'a' < 6 ? (c | 0x20u) - 'a' + 10
                                                 : 99;
        if (digit >= base || __builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, digit, value))
            return false;
    }
    if (is_negative)
        *value = 0 - *value;
    return true;
}

/* "text" into a char array, always ended by a zero. */
static const char *store_string(const char *text, size_t length, uint8_t *to, uint32_t size)
{
    if (length < 2 || text[0] != '"' || text[length - 1] != '"')
        return "has no string as its value";
    length -= 2;
    if (length >= size)
        length = size - 1;
    memcpy(to, text + 1, length);
    return NULL;
}

static const char *store_number(uint64_t value, bool is_signed, uint8_t *to, uint32_t size)
{
    uint32_t bits = size * 8;
    if (size > 8)
        return "is of a type that no value fits";
    if (bits < 64) {
        uint64_t biased = value + (is_signed ? UINT64_C(1) << (bits - 1) : 0);
        if (biased >> bits != 0)
            return "has a value that does not fit its type";
    }
    for (uint32_t i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
    return NULL;
}

/* y, m, n as 1, 2, 0 (enum libbpf_tristate), of which bool knows two and char keeps the letter. */
static const char *store_letter(char letter, const struct object_extern *external, uint8_t *to)
{
    bool is_tristate = external->value == EXTERN_TRISTATE;
    if (external->value == EXTERN_CHAR) {
        to[0] = (uint8_t)letter;
        return NULL;
    }
    if (external->value == EXTERN_BOOL && letter == 'm')
        return "is a module, which bool cannot say: declare it as enum libbpf_tristate";
    if (!is_tristate && external->value != EXTERN_BOOL)
        return "is y, m or n, and declared as a number";
    to[0] = letter == 'y' ? 1 : letter == 'm' ? 2 : 0;
    return NULL;
}

static const char *store_config(const char *text, size_t length,
                                const struct object_extern *external, uint8_t *to)
{
    uint64_t number;
    if (length == 1 && (*text == 'y' || *text == 'm' || *text == 'n'))
        return store_letter(*text, external, to);
    if (external->value == EXTERN_STRING)
        return store_string(text, length, to, external->size);
    if (!read_number(text, length, &number))
        return "has no number as its value";
    if (external->value == EXTERN_TRISTATE)
        return "is a number, and declared as y, m or n";
    if (external->value == EXTERN_BOOL && number > 1)
        return "has a value that is neither 0 nor 1";
    return store_number(number, external->value == EXTERN_SIGNED, to, external->size);
}

static enum extern_value int_kind(const struct bpf_btf *btf, const struct bpf_btf_type *type)
{
    struct bpf_btf_int number;
    bpf_btf_int(btf, type, &number);
    if (number.encoding & BPF_BTF_INT_BOOL)
        return type->size_or_type == 1 ? EXTERN_BOOL : EXTERN_BAD;
    if (type->size_or_type > 8 || !is_power_of_two(type->size_or_type))
        return EXTERN_BAD;
    if (type->size_or_type == 1)
        return EXTERN_CHAR;
    return number.encoding & BPF_BTF_INT_SIGNED ? EXTERN_SIGNED : EXTERN_UNSIGNED;
}

/* How a value of this type is written. */
static enum extern_value value_kind(const struct bpf_btf *btf, uint32_t type_id)
{
    struct bpf_btf_type type, inner;
    uint32_t element, count;
    if (!bpf_btf_resolve(btf, type_id, &type))
        return EXTERN_BAD;
    switch (type.kind) {
    case BPF_BTF_INT:
        return int_kind(btf, &type);
    case BPF_BTF_ENUM:
        return strcmp(type.name, "libbpf_tristate") == 0 && type.size_or_type <= 8 &&
                       is_power_of_two(type.size_or_type)
                   ? EXTERN_TRISTATE
                   : EXTERN_BAD;
    case BPF_BTF_ARRAY:
        bpf_btf_array(btf, &type, &element, &count);
        return count > 0 && bpf_btf_resolve(btf, element, &inner) && inner.kind == BPF_BTF_INT &&
                       int_kind(btf, &inner) == EXTERN_CHAR
                   ? EXTERN_STRING
                   : EXTERN_BAD;
    default:
        return EXTERN_BAD;
    }
}

/* --- The list --- */

static uint32_t alignment(const struct object_extern *external)
{
    if (external->value == EXTERN_STRING)
        return 1;
    return external->size;
}

/* Where values stand in .kconfig is libbpf's order: the largest alignment first, then the smaller
 * size, then the name. Others are sorted by name. */
static bool comes_before(const struct object_extern *a, const struct object_extern *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->kind == EXTERN_KCONFIG && alignment(a) != alignment(b))
        return alignment(a) > alignment(b);
    if (a->kind == EXTERN_KCONFIG && a->size != b->size)
        return a->size < b->size;
    return strcmp(a->name, b->name) < 0;
}

static void insert(struct object_loader *loader, struct object_extern external)
{
    uint32_t at = loader->extern_count++;
    for (; at > 0 && comes_before(&external, &loader->externs[at - 1]); at--)
        loader->externs[at] = loader->externs[at - 1];
    loader->externs[at] = external;
}

static int read_extern(struct object_loader *loader, const struct elf_symbol *symbol,
                       uint32_t type_id, bool is_kconfig)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct object_extern external = { .name = symbol->name,
                                      .is_weak = symbol->binding == ELF_STB_WEAK };
    struct bpf_btf_type type;
    bpf_btf_type_at(btf, type_id, &type);
    external.type_id = type.size_or_type;
    external.kind = is_kconfig                  ? EXTERN_KCONFIG
                    : type.kind == BPF_BTF_FUNC ? EXTERN_KFUNC
                                                : EXTERN_KSYM;
    if (is_kconfig) {
        external.value = value_kind(btf, external.type_id);
        if (external.value == EXTERN_BAD ||
            bpf_btf_size(btf, external.type_id, &external.size) != 0 || external.size > KCONFIG_MAX)
            return loader_fail(loader, -EINVAL, symbol->file_offset,
                               "extern %s: a __kconfig value is a bool, a number, a char array or "
                               "enum libbpf_tristate",
                               symbol->name);
    }
    if (loader->extern_count == EXTERN_MAX)
        return loader_fail(loader, -E2BIG, symbol->file_offset, "more than %u externs", EXTERN_MAX);
    insert(loader, external);
    return 0;
}

/* The VAR or FUNC of this name in the section that BTF describes, or 0. */
static uint32_t find_declaration(const struct bpf_btf *btf, const char *section, const char *name)
{
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    uint32_t id = btf == NULL ? 0 : bpf_btf_find(btf, section, BPF_BTF_DATASEC);
    if (id == 0 || !bpf_btf_type_at(btf, id, &type))
        return 0;
    for (uint32_t i = 0; i < type.member_count; i++) {
        if (bpf_btf_member_at(btf, &type, i, &member) && strcmp(member.name, name) == 0)
            return member.type;
    }
    return 0;
}

/* The i-th symbol, if it is one that somebody else must have. */
static bool undefined_symbol(const struct object_loader *loader, uint32_t i,
                             struct elf_symbol *symbol)
{
    return elf_symbol_at(&loader->file, i, symbol) && symbol->section == ELF_SHN_UNDEF &&
           symbol->binding != ELF_STB_LOCAL && symbol->name[0] != '\0';
}

static uint32_t undefined_count(const struct object_loader *loader)
{
    struct elf_symbol symbol;
    uint32_t count = 0;
    for (uint32_t i = 1; i < loader->file.symbol_count && count < EXTERN_MAX; i++)
        count += undefined_symbol(loader, i, &symbol);
    return count;
}

static int read_list(struct object_loader *loader)
{
    const struct bpf_btf *btf = loader->object->btf;
    for (uint32_t i = 1; i < loader->file.symbol_count; i++) {
        struct elf_symbol symbol;
        if (!undefined_symbol(loader, i, &symbol))
            continue;
        uint32_t kconfig = find_declaration(btf, ".kconfig", symbol.name);
        uint32_t ksym = kconfig != 0 ? 0 : find_declaration(btf, ".ksyms", symbol.name);
        int err = 0;
        if (kconfig != 0 || ksym != 0)
            err = read_extern(loader, &symbol, kconfig != 0 ? kconfig : ksym, kconfig != 0);
        if (err)
            return err;
    }
    return 0;
}

/* --- What they are in the kernel --- */

static void fail_extern(struct object_loader *loader, struct object_extern *external,
                        const char *what)
{
    char text[BPF_ERROR_TEXT_MAX];
    format_text(text, sizeof text, "extern %s %s", external->name, what);
    external->failure = object_copy_string(loader, text);
    if (external->failure == NULL)
        external->failure = object_ext_no_memory;
}

/* The map .kconfig: where each stands, then their values. */
static int place_kconfig(struct object_loader *loader)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < loader->extern_count; i++) {
        struct object_extern *external = &loader->externs[i];
        if (external->kind != EXTERN_KCONFIG)
            continue;
        external->offset = (uint32_t)align_up64(size, alignment(external));
        size = external->offset + external->size;
        if (size > KCONFIG_MAX)
            return loader_fail(loader, -E2BIG, BPF_ERROR_NO_OFFSET, "too many __kconfig externs");
    }
    if (size == 0)
        return 0;
    struct object_map *map = object_add_map(loader, ".kconfig", ELF_SHN_UNDEF, BPF_ERROR_NO_OFFSET);
    if (map == NULL)
        return loader->error == NULL ? -EINVAL : loader->error->error;
    uint8_t *data = pool_alloc(&loader->object->pool, size);
    if (data == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for .kconfig");
    loader->kconfig_map = (uint32_t)(map - loader->object->maps);
    object_describe_data(map, data, size, true);
    for (uint32_t i = 0; i < loader->extern_count; i++) {
        struct object_extern *external = &loader->externs[i];
        size_t length;
        if (external->kind != EXTERN_KCONFIG)
            continue;
        const char *text = find_config(loader->options->kconfig, external->name, &length);
        const char *problem =
            text != NULL        ? store_config(text, length, external, data + external->offset)
            : external->is_weak ? NULL
                                : "is not in the kernel's configuration (declare it __weak if it "
                                  "may be missing)";
        if (problem != NULL)
            fail_extern(loader, external, problem);
    }
    return 0;
}

/* Whether the kernel's type is what the program takes it for. */
static bool types_agree(struct object_loader *loader, uint32_t local, uint32_t target)
{
    const struct core_relo relo = { .type_id = local, .access = "0", .kind = CORE_TYPE_EXISTS };
    struct core_relocator *core = pool_alloc(&loader->scratch, sizeof *core);
    if (core == NULL)
        return false;
    core->local = loader->object->btf;
    core->target = loader->object->kernel_btf;
    core->work_left = KSYM_WORK_MAX;
    return core_match(core, &relo, target, &core->path) == 1;
}

static void resolve_typed(struct object_loader *loader, struct object_extern *external)
{
    const struct bpf_btf *kernel = loader->object->kernel_btf;
    bool is_function = external->kind == EXTERN_KFUNC;
    char name[BPF_ERROR_TEXT_MAX];
    struct bpf_btf_type type;
    size_t length = bpf_btf_essential_length(external->name);
    if (length >= sizeof name)
        length = sizeof name - 1;
    memcpy(name, external->name, length);
    name[length] = '\0';
    uint32_t id =
        kernel == NULL ? 0 : bpf_btf_find(kernel, name, is_function ? BPF_BTF_FUNC : BPF_BTF_VAR);
    if (id == 0) {
        if (!external->is_weak)
            fail_extern(loader, external,
                        kernel == NULL ? "is looked for in a kernel's types, and none were given"
                        : is_function  ? "is no function in the kernel's types"
                                       : "is no variable in the kernel's types");
        return;
    }
    bpf_btf_type_at(kernel, id, &type);
    if (!types_agree(loader, external->type_id, type.size_or_type))
        fail_extern(loader, external, "has another type in the kernel than in the program");
    external->kernel_id = id;
}

static void resolve_address(struct object_loader *loader, struct object_extern *external)
{
    const struct bpf_object_options *options = loader->options;
    external->address =
        options->ksym_address == NULL ? 0 : options->ksym_address(options->user, external->name);
    if (external->address == 0 && !external->is_weak)
        fail_extern(loader, external, "is no symbol of the kernel");
}

int object_read_externs(struct object_loader *loader)
{
    uint32_t count = undefined_count(loader);
    if (count == 0)
        return 0;
    loader->externs = pool_alloc(&loader->scratch, count * sizeof *loader->externs);
    if (loader->externs == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for externs");
    int err = read_list(loader);
    for (uint32_t i = 0; err == 0 && i < loader->extern_count; i++) {
        struct object_extern *external = &loader->externs[i];
        struct bpf_btf_type type;
        if (external->kind == EXTERN_KCONFIG)
            continue;
        bool is_known = bpf_btf_resolve(loader->object->btf, external->type_id, &type);
        if (external->kind == EXTERN_KSYM && is_known && type.kind == BPF_BTF_VOID)
            resolve_address(loader, external);
        else
            resolve_typed(loader, external);
    }
    return err == 0 ? place_kconfig(loader) : err;
}

const struct object_extern *object_extern_find(const struct object_loader *loader, const char *name)
{
    for (uint32_t i = 0; i < loader->extern_count; i++) {
        if (strcmp(loader->externs[i].name, name) == 0)
            return &loader->externs[i];
    }
    return NULL;
}

void object_relocate_extern(const struct object_loader *loader,
                            const struct object_extern *external, struct bpf_insn *insn)
{
    bool is_call = insn->opcode == (BPF_JMP | BPF_CALL);
    if (is_call && external->kernel_id == 0) {
        /* Weak and missing: must not be reached. The number is libbpf's. */
        *insn =
            (struct bpf_insn){ .opcode = BPF_JMP | BPF_CALL,
                               .imm = EXTERN_POISON_KFUNC + (int32_t)(external - loader->externs) };
    } else if (is_call) {
        insn->src_reg = BPF_CALL_BTF_ID & 0xf;
        insn->imm = (int32_t)external->kernel_id;
        insn->offset = 0;
    } else if (external->kind == EXTERN_KCONFIG) {
        insn[0].src_reg = BPF_PSEUDO_MAP_IDX_VALUE & 0xf;
        insn[0].imm = (int32_t)loader->kconfig_map;
        insn[1].imm = (int32_t)external->offset;
    } else if (external->kernel_id != 0) {
        insn[0].src_reg = BPF_PSEUDO_BTF_ID & 0xf;
        insn[0].imm = (int32_t)external->kernel_id;
        insn[1].imm = 0;
    } else {
        insn[0].imm = (int32_t)(uint32_t)external->address;
        insn[1].imm = (int32_t)(uint32_t)(external->address >> 32);
    }
}
