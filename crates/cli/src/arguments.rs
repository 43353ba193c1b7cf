//! The command line: what it says, or one sentence on why it says nothing.
//!
//! clap tells a wrong argument on several lines; here it is one, as every other error of the command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error, FromArgMatches};

use crate::Cli;
use crate::output::complain;

/// What is to be printed instead of running a command.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Help or a version, which clap prints.
    Told(Error),
    /// What is wrong, in one sentence.
    Wrong(String),
}

impl Refusal {
    /// Prints it, and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Refusal::Told(error) => {
                // As with any other output, a reader that has gone is no fault.
                let _ = error.print();
                if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
            }
            Refusal::Wrong(sentence) => {
                complain(&sentence);
                ExitCode::from(2)
            }
        }
    }
}

/// Reads a command line.
pub(crate) fn parse(line: Vec<OsString>) -> Result<Cli, Refusal> {
    let mut command = with_negative_numbers(Cli::command());
    let read = command.try_get_matches_from_mut(&line).and_then(|found| Cli::from_arg_matches(&found));
    read.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Refusal::Told(error)
        }
        _ => Refusal::Wrong(sentence(&error, named(&command, &line))),
    })
}

/// Options that take a value take -1 too, so that the sentence names the option.
fn with_negative_numbers(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_action().takes_values() && !arg.is_positional() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    });
    command.mut_subcommands(with_negative_numbers)
}

/// The command that a line names, as `pumice profile`, and the names that it has for what follows.
struct Named {
    path: String,
    commands: Vec<String>,
}

fn named(command: &Command, line: &[OsString]) -> Named {
    let (mut found, mut path) = (command, command.get_name().to_owned());
    for word in line.iter().skip(1) {
        let Some(next) = found.get_subcommands().find(|own| word.as_os_str() == own.get_name()) else { break };
        found = next;
        path = format!("{path} {}", next.get_name());
    }
    let commands = found.get_subcommands().map(|own| own.get_name().to_owned()).collect();
    Named { path, commands }
}

fn sentence(error: &Error, named: Named) -> String {
    let said = |kind| texts(error, kind);
    let (argument, value) = (option(&said(ContextKind::InvalidArg)), said(ContextKind::InvalidValue).concat());
    let path = named.path;
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("{argument} needs a value{}", one_of(&said(ContextKind::ValidValue)))
        }
        ErrorKind::InvalidValue => format!("{argument} is \"{value}\"{}", one_of(&said(ContextKind::ValidValue))),
        ErrorKind::ValueValidation => {
            let fault = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("{argument} is \"{value}\", {}", allowed(&fault))
        }
        ErrorKind::UnknownArgument => {
            let meant = said(ContextKind::SuggestedArg).concat();
            let meant =
                if meant.is_empty() { format!("see `{path} --help`") } else { format!("perhaps {meant} is meant") };
            format!("`{path}` has no argument \"{argument}\", {meant}")
        }
        ErrorKind::InvalidSubcommand => {
            let asked = said(ContextKind::InvalidSubcommand).concat();
            format!("`{path}` has no command \"{asked}\"{}", one_of(&named.commands))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = said(ContextKind::InvalidArg).join(" and ");
            format!("`{path}` needs {missing}, see `{path} --help`")
        }
        ErrorKind::ArgumentConflict => match said(ContextKind::PriorArg) {
            prior if prior.is_empty() || option(&prior) == argument => {
                format!("{argument} is given twice, allowed is once")
            }
            prior => format!("{argument} cannot be used with {}", option(&prior)),
        },
        ErrorKind::InvalidUtf8 => format!("an argument of `{path}` is no UTF-8 text"),
        // Nothing else is asked of clap; its own first line says what it is.
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(all)) => all.clone(),
        _ => Vec::new(),
    }
}

/// `--timing` of `--timing <MODEL>`; an argument without dashes stays `<MODEL>`.
fn option(all: &[String]) -> String {
    let first = |text: &String| text.split([' ', '=']).next().unwrap_or_default().to_owned();
    all.iter().map(first).collect::<Vec<_>>().join(" and ")
}

fn one_of(values: &[String]) -> String {
    match values {
        [] => String::new(),
        _ => format!(", allowed is {}", values.join(", ")),
    }
}

/// What numbers are allowed, of the words of the standard library and of clap about a wrong one.
fn allowed(fault: &str) -> String {
    if let Some((_, range)) = fault.split_once(" is not in ")
        && let Some((first, last)) = range.split_once("..")
    {
        let last = last.trim_start_matches('=');
        let open = last.parse::<u64>().is_ok_and(|last| last >= i64::MAX as u64);
        return if open { format!("allowed is {first} or more") } else { format!("allowed is {first} to {last}") };
    }
    match fault {
        "invalid float literal" | "cannot parse float from empty string" => "allowed is a number".to_owned(),
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "allowed is a whole number, not a negative one".to_owned()
        }
        "number too large to fit in target type" => format!("allowed is a whole number of at most {}", u64::MAX),
        own => own.to_owned(),
    }
}
