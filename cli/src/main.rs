//! The `leadline` command: hands its arguments to the library and exits as that says.

use std::process::ExitCode;

/// `leadline dev` makes many small allocations for each lead: an eighth less processor time, for some 40 MB of memory
/// (docs/proof.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main_with(std::env::args_os())
}
