//! Arguments in, exit code out.

#[global_allocator]
static MEMORY: cistron::cli::memory::Remembering = cistron::cli::memory::Remembering;

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
