//! Arguments in, exit code out.

#[global_allocator]
static MEMORY: cistron::cli::memory::Remembering = cistron::cli::memory::Remembering;

/// Runs before any library is initialised.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: the section holds functions of this type
#[unsafe(link_section = ".preinit_array")]
static EXTEND_ENVIRONMENT: unsafe extern "C" fn(
    std::ffi::c_int,
    *const *const std::ffi::c_char,
    *const *const std::ffi::c_char,
) = cistron::cli::environment::extend_environment;

fn main() -> std::process::ExitCode {
    let code = cistron::cli::main();
    // torch's threads and static objects are not worth waiting for
    use std::io::Write;
    std::io::stdout().flush().ok();
    let code = if code == 0 && cistron::base::say::is_output_lost() {
        cistron::cli::ERROR
    } else {
        code
    };
    std::process::exit(i32::from(code))
}
