//! The `habeas` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    hand_back_large_pieces();
    habeas::cli::run()
}

/// Has glibc hand pieces of memory of 256 KiB and more back to the system as soon as they are free (mallopt(3),
/// `M_MMAP_THRESHOLD`). Otherwise the first very large one, as a password's hash takes, has it keep all that are smaller, for
/// each thread that ever had some: after a few exports of a million rows, 40 MB that nobody uses. What is smaller goes back
/// where 128 KiB of it are free at the end of a heap, as before that.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn hand_back_large_pieces() {
    const LARGE: libc::c_int = 256 * 1024;
    // SAFETY: it sets a number of the allocator's own, before there is another thread.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn hand_back_large_pieces() {}
