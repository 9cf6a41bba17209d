/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hooks of Linux's security modules whose programs may sleep (kernel/bpf/bpf_lsm.c,
 * sleepable_lsm_hooks): the others are called where nothing may sleep. */
#include <axiom/string.h>

#include "call.h"

static const char *const sleeping_hooks[] = {
    "bpf", "bpf_map", "bpf_map_create", "bpf_map_free", "bpf_prog", "bpf_prog_load",
    "bpf_token_capable", "bpf_token_cmd", "bpf_token_create", "bpf_token_free",
    "bprm_check_security", "bprm_committed_creds", "bprm_committing_creds", "bprm_creds_for_exec",
    "bprm_creds_from_file", "capget", "capset", "cred_prepare", "current_getsecid_subj",
    "file_ioctl", "file_lock", "file_open", "file_post_open", "file_receive", "inode_create",
    "inode_free_security", "inode_getattr", "inode_getxattr", "inode_mknod", "inode_need_killpriv",
    "inode_post_setxattr", "inode_readlink", "inode_rename", "inode_rmdir", "inode_setattr",
    "inode_setxattr", "inode_symlink", "inode_unlink", "kernel_module_request", "kernel_read_file",
    "kernfs_init_security", "mmap_file", "netlink_send", "path_chmod", "path_chown", "path_link",
    "path_mkdir", "path_notify", "path_rename", "path_rmdir", "path_symlink", "path_truncate",
    "path_unlink", "release_secctx", "sb_alloc_security", "sb_eat_lsm_opts", "sb_kern_mount",
    "sb_mount", "sb_remount", "sb_set_mnt_opts", "sb_show_options", "sb_statfs", "sb_umount",
    "settime", "socket_accept", "socket_bind", "socket_connect", "socket_create",
    "socket_getpeername", "socket_getpeersec_dgram", "socket_getsockname", "socket_getsockopt",
    "socket_listen", "socket_post_create", "socket_recvmsg", "socket_sendmsg", "socket_shutdown",
    "socket_socketpair", "syslog", "task_alloc", "task_getsecid_obj", "task_prctl",
    "task_setscheduler", "userns_create",
};

bool lsm_hook_may_sleep(const struct verifier *v)
{
    static const char prefix[] = "bpf_lsm_";
    struct bpf_btf_type hook;
    /* Without types nothing says which hook it is: the program is refused for that. */
    if (v->request->kernel_btf == NULL ||
        !bpf_btf_type_at(v->request->kernel_btf, v->request->attach_btf_id, &hook) ||
        strncmp(hook.name, prefix, sizeof prefix - 1) != 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(sleeping_hooks); i++)
        if (strcmp(hook.name + sizeof prefix - 1, sleeping_hooks[i]) == 0)
            return true;
    return false;
}
