/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files and paths in programs at hooks of security modules. Verdicts by Linux 6.12's source (fs/bpf_fs_kfuncs.c, kernel/bpf/bpf_lsm.c): the
 * machines that tests run on do not let be asked about hooks. */
// clang-format off
#include "common.h"
extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym;
extern void bpf_put_file(struct file *file) __ksym;
extern int bpf_path_d_path(const struct path *path, char *buf, size_t buf__sz) __ksym;
extern int bpf_get_file_xattr(struct file *file, const char *name__str, struct bpf_dynptr *value_p) __ksym;
extern int bpf_get_dentry_xattr(struct dentry *d, const char *name__str, struct bpf_dynptr *value_p) __ksym;
static char buf[64];
char big[4096];
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_1){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm/file_open") ACCEPT int BPF_PROG(hook_2){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/task_alloc") ACCEPT int BPF_PROG(hook_3, struct task_struct *task){ struct file *f = bpf_get_task_exe_file(task); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/inode_getattr") REFUSE int BPF_PROG(hook_4, struct path *path){ int r = bpf_path_d_path(path, buf, sizeof buf); return r<0?r:0; }
SEC("lsm.s/inode_getattr") ACCEPT int BPF_PROG(hook_4b, struct path *path){ bpf_path_d_path(path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_5, struct file *file){ bpf_path_d_path(&file->f_path, buf, sizeof buf); return 0; }
SEC("lsm/file_open") ACCEPT int BPF_PROG(hook_6, struct file *file){ bpf_path_d_path(&file->f_path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_1){ struct file *f = bpf_get_task_exe_file(NULL); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_2){ u64 x=0; struct file *f = bpf_get_task_exe_file((void*)&x); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_3){ struct task_struct *p = bpf_get_current_task_btf()->parent; struct file *f = bpf_get_task_exe_file(p); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_4){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_5){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_6, struct file *file){ bpf_put_file(file); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_7){ bpf_path_d_path(NULL, buf, sizeof buf); return 0; }
SEC("lsm.s/task_alloc") REFUSE int BPF_PROG(hook_wrong_8, struct task_struct *task){ struct path *root = &task->fs->root; bpf_path_d_path(root, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_9){ struct path *pwd = &bpf_get_current_task_btf()->fs->pwd; bpf_path_d_path(pwd, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_10, struct file *file){ bpf_path_d_path((struct path *)&file->f_task_work, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_11, struct file *file){ bpf_path_d_path(&file->f_path, buf, 4096); return 0; }
SEC("fentry/vfs_open") REFUSE int BPF_PROG(hook_wrong_12, struct path *path, struct file *f){ bpf_path_d_path(path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_13, struct file *file){ bpf_path_d_path((void*)file, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_14){ struct file *f = bpf_get_current_task_btf()->mm->exe_file; if(!f) return 0; bpf_path_d_path(&f->f_path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_15, struct file *file){ struct bpf_dynptr d; bpf_dynptr_from_mem(big, sizeof big, 0, &d); bpf_get_file_xattr(file, "user.x", &d); return 0; }
SEC("lsm/file_open") REFUSE int BPF_PROG(hook_wrong_15, struct file *file){ struct bpf_dynptr d; bpf_dynptr_from_mem(big, sizeof big, 0, &d); bpf_get_file_xattr(file, "user.x", &d); return 0; }
SEC("lsm.s/bprm_committed_creds") ACCEPT int BPF_PROG(hook_20, struct linux_binprm *b){ struct file *f = b->file; if (!f) return 0; bpf_path_d_path(&f->f_path, buf, sizeof buf); return 0; }
SEC("lsm.s/bprm_committed_creds") ACCEPT int BPF_PROG(hook_21, struct linux_binprm *b){ struct file *f = b->file; bpf_path_d_path(&f->f_path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_22, struct file *file){ struct inode *i = file->f_inode; struct task_struct *t = bpf_get_current_task_btf(); return i->i_ino == 1 ? -EPERM : 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_23){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; bpf_put_file(f); bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_24){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; bpf_path_d_path(&f->f_path, buf, sizeof buf); bpf_put_file(f); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_24){ struct file *f = bpf_get_task_exe_file(bpf_get_current_task_btf()); if(!f) return 0; bpf_put_file(f); bpf_path_d_path(&f->f_path, buf, sizeof buf);  return 0; }
SEC("lsm/task_free") REFUSE int BPF_PROG(hook_25, struct task_struct *task){ struct file *f = bpf_get_task_exe_file(task); if(!f) return 0; bpf_put_file(f); return 0; }
SEC("lsm.s/task_free") REFUSE int BPF_PROG(hook_wrong_25, struct task_struct *task){ return 0; }
SEC("lsm.s/socket_post_create") ACCEPT int BPF_PROG(hook_26, struct socket *sock, int family){ struct sock *sk = sock->sk; if (!sk) return 0; return sk->__sk_common.skc_family == 2 ? 0 : -1; }
SEC("lsm/socket_bind") ACCEPT int BPF_PROG(hook_27, struct socket *sock, struct sockaddr *a, int n){ return a->sa_family == 2 ? -EPERM : 0; }
SEC("lsm_cgroup/socket_bind") ACCEPT int BPF_PROG(hook_28, struct socket *sock, struct sockaddr *a, int n){ return 1; }
SEC("lsm_cgroup/socket_bind") REFUSE int BPF_PROG(hook_wrong_28, struct socket *sock, struct sockaddr *a, int n){ return 2; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_29, struct file *file){ long r = bpf_d_path(&file->f_path, buf, sizeof buf); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_30, struct file *file){ char b[32]; bpf_path_d_path(&file->f_path, b, sizeof b); return b[31]; }
SEC("lsm.s/file_open") ACCEPT int BPF_PROG(hook_31, struct file *file){ char b[32]; bpf_path_d_path(&file->f_path, b, 0); return 0; }
SEC("lsm.s/file_open") REFUSE int BPF_PROG(hook_wrong_32, struct file *file){ bpf_path_d_path(&file->f_path, NULL, 0); return 0; }
SEC("lsm.s/nosuchhook") REFUSE int BPF_PROG(hook_wrong_33, struct file *file){ return 0; }
SEC("lsm/file_permission") ACCEPT int BPF_PROG(hook_35, struct file *file, int mask){ struct path *p = &file->f_path; bpf_path_d_path(p, buf, sizeof buf); return 0; }
SEC("lsm/file_mprotect") REFUSE int BPF_PROG(hook_36, struct vm_area_struct *vma, unsigned long rp, unsigned long p, int ret){ if (ret) return ret; return vma->vm_mm && vma->vm_start > 5 ? -EPERM : 0; }
SEC("lsm/file_mprotect") REFUSE int BPF_PROG(hook_37, struct vm_area_struct *vma){ struct file *f = vma->vm_file; if (!f) return 0; bpf_path_d_path(&f->f_path, buf, sizeof buf); return 0; }
SEC("lsm/mmap_file") ACCEPT int BPF_PROG(hook_39, struct file *f){ if (!f) return 0; bpf_path_d_path(&f->f_path, buf, sizeof buf); return 0; }
