//! docs/cli.md, made from the help texts, so that it cannot fall behind them.

use clap::Command;

use crate::options::GLOBAL_OPTIONS;

const INTRODUCTION: &str = "# The command `leadline`

<!-- Made from the help texts: cargo leadline help-page > docs/cli.md -->

In the repository, `cargo dev` is `leadline dev`, and `cargo leadline check` is `leadline check`; so with every command.

The options `--url`, `--token` and `--json` go with every command and are explained once.
Every command prints what people read, or with `--json` what programs read: the API's own JSON.
Errors go to standard error; with `--json` they are `application/problem+json` there too.
The exit code is 0 when the command did what it says, 1 when it failed, and 2 when its command line was not understood.
";

/// The page.
pub(crate) fn render(mut command: Command) -> String {
    // Parts that only a built command has: global options, and full names in the usage lines.
    command.build();
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "leadline", command.clone());
    for subcommand in command.get_subcommands() {
        if !subcommand.is_hide_set() && subcommand.get_name() != "help" {
            let title = format!("leadline {}", subcommand.get_name());
            let within = subcommand.get_subcommands();
            let mut within = within.filter(|inner| inner.get_name() != "help").peekable();
            if within.peek().is_none() {
                section(&mut page, &title, subcommand.clone());
            }
            for inner in within {
                let title = format!("{title} {}", inner.get_name());
                section(&mut page, &title, inner.clone());
            }
        }
    }
    page
}

fn section(page: &mut String, title: &str, mut command: Command) {
    if title != "leadline" {
        // They stand once at the top of the page.
        command = command.mut_args(|argument| {
            let is_global = argument.get_help_heading() == Some(GLOBAL_OPTIONS);
            argument.hide(is_global)
        });
    }
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    page.push_str(&format!(
        "\n## `{title}`\n\n```text\n{}\n```\n",
        lines.join("\n")
    ));
}
