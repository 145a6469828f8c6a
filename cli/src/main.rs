//! The `leadline` command: hands its arguments to the library and exits as that says.

use std::process::ExitCode;

/// Requests of the SDK are made of hundreds of small allocations; the system's allocator takes a fifth of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main_with(std::env::args_os())
}
