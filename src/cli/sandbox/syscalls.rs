//! Restriction of sockets and processes: a seccomp filter of system calls that scripts do not need.

use libc::{c_long, sock_filter};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7FFF_0000;
const REFUSE: u32 = 0x0005_0000 | libc::EPERM as u32;
/// Makes the C library fall back to `clone`, whose flags a filter can read.
const ABSENT: u32 = 0x0005_0000 | libc::ENOSYS as u32;

/// Offsets in the structure that a filter reads.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// System calls that are refused whatever their arguments: sockets, programs, other processes, the
/// system's state, and changes of files that Landlock does not govern.
const REFUSED: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_io_uring_setup,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pidfd_getfd,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_setrlimit,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_open_by_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_symlinkat,
    libc::SYS_linkat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
];

/// The same calls under the names that older programs use.
#[cfg(target_arch = "x86_64")]
const REFUSED_OLD: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_symlink,
    libc::SYS_link,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_OLD: &[c_long] = &[];

fn step(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn program() -> Vec<sock_filter> {
    let mut out = vec![
        step(LOAD, MACHINE),
        jump(IF_EQUAL, ARCHITECTURE, 1, 0),
        step(RETURN, REFUSE),
        step(LOAD, NUMBER),
    ];
    // the numbers of the 32-bit interface on x86-64 have this bit
    #[cfg(target_arch = "x86_64")]
    out.extend([jump(IF_SET, 0x4000_0000, 0, 1), step(RETURN, REFUSE)]);
    for number in REFUSED.iter().chain(REFUSED_OLD) {
        out.extend([jump(IF_EQUAL, *number as u32, 0, 1), step(RETURN, REFUSE)]);
    }
    out.extend([
        jump(IF_EQUAL, libc::SYS_clone3 as u32, 0, 1),
        step(RETURN, ABSENT),
    ]);
    // threads are allowed, processes are not
    out.extend([
        jump(IF_EQUAL, libc::SYS_clone as u32, 0, 4),
        step(LOAD, argument(0)),
        jump(IF_SET, libc::CLONE_THREAD as u32, 0, 1),
        step(RETURN, ALLOW),
        step(RETURN, REFUSE),
    ]);
    // a signal to this process, as `abort` sends it
    out.extend([
        jump(IF_EQUAL, libc::SYS_tgkill as u32, 0, 4),
        step(LOAD, argument(0)),
        jump(IF_EQUAL, std::process::id(), 0, 1),
        step(RETURN, ALLOW),
        step(RETURN, REFUSE),
    ]);
    // limits may be read, not changed
    out.extend([
        jump(IF_EQUAL, libc::SYS_prlimit64 as u32, 0, 6),
        step(LOAD, argument(2)),
        jump(IF_EQUAL, 0, 0, 3),
        step(LOAD, argument(2) + 4),
        jump(IF_EQUAL, 0, 0, 1),
        step(RETURN, ALLOW),
        step(RETURN, REFUSE),
    ]);
    out.push(step(RETURN, ALLOW));
    out
}

/// Starts to refuse the system calls, in all threads. Returns whether the kernel supports it.
pub fn restrict() -> std::io::Result<bool> {
    install(libc::SECCOMP_FILTER_FLAG_TSYNC)
}

fn install(flags: libc::c_ulong) -> std::io::Result<bool> {
    let mut steps = program();
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    const SET_MODE_FILTER: u32 = 1;
    // SAFETY: the program is whole and outlives the call; `PR_SET_NO_NEW_PRIVS` was set by the
    // caller
    let outcome = unsafe { libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, &program) };
    if outcome == 0 {
        return Ok(true);
    }
    let error = std::io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EINVAL) => Ok(false),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn sockets_and_programs_are_refused_and_threads_are_not() {
        // the filter holds for the thread that installs it, and for what that starts
        let inside = std::thread::spawn(|| {
            // SAFETY: the flag only takes privileges away, from this thread
            unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
            if !install(0).expect("a filter") {
                return None;
            }
            let limit = libc::rlimit {
                rlim_cur: 1,
                rlim_max: 1,
            };
            // SAFETY: the calls are refused; those that are not would change nothing that the test
            // needs
            let (killed, raised) = unsafe {
                (
                    libc::kill(libc::getppid(), 0),
                    libc::setrlimit(libc::RLIMIT_CORE, &limit),
                )
            };
            let refused = [
                TcpListener::bind("127.0.0.1:0").is_err(),
                UdpSocket::bind("127.0.0.1:0").is_err(),
                UnixDatagram::unbound().is_err(),
                std::process::Command::new("true").status().is_err(),
                std::os::unix::fs::symlink("a", std::env::temp_dir().join("cistron-never"))
                    .is_err(),
                killed != 0,
                raised != 0,
            ];
            let thread = std::thread::spawn(|| std::fs::read("/proc/self/status").is_ok())
                .join()
                .unwrap_or(false);
            Some((refused, thread))
        });
        match inside.join().expect("no call ends the process") {
            Some(outcome) => assert_eq!(outcome, ([true; 7], true)),
            None => eprintln!("SKIPPED: this kernel has no seccomp filters"),
        }
    }
}
