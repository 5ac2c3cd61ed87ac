//! Named points at which a test can kill this process for real; a release build has none.

/// In a debug build, kills the process with SIGKILL when the environment's `HABEAS_CRASH_AT` names this point, so that
/// a test can show that a restart reaches the same end. In a release build, nothing.
#[inline]
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if std::env::var_os("HABEAS_CRASH_AT").is_some_and(|at| at == name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
