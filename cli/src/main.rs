//! The `leadline` command: hands its arguments to the library and exits as that says.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main_with(std::env::args_os())
}
