//! The command line. The comments are the help texts.

use std::path::PathBuf;

use camroll_spec::{NameGlob, WrittenDate};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "camroll", version, about = ABOUT, long_about = None, max_term_width = 110, after_help = EXAMPLES)]
pub struct Arguments {
    /// Where camroll keeps what it knows [default: $CAMROLL_STATE, else $XDG_STATE_HOME/camroll]
    #[arg(long, global = true, value_name = "DIR", env = "CAMROLL_STATE", hide_env = true, help_heading = EVERYWHERE)]
    pub state: Option<PathBuf>,
    /// Log more; twice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = EVERYWHERE)]
    pub verbose: u8,
    /// How the log is written on standard error: text or json
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = LogFormat::Text,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = EVERYWHERE
    )]
    pub log: LogFormat,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes stands apart from what one command takes.
const EVERYWHERE: &str = "Options of every command";

const ABOUT: &str = "\
Keeps photo libraries where you want them: declared in YAML, checked byte by byte

A spec says what should be where. `camroll plan` shows what would happen, `camroll sync` does it, \
and the receipt says what is proven. Start with `camroll init`.";

const EXAMPLES: &str = "\
Examples:
  camroll init --apple-id you@example.com --to /mnt/nas/photos
  camroll login family            # password and code, once
  camroll plan family.yaml        # what would happen, and why
  camroll sync family.yaml        # do it
  camroll explain family IMG_0001.HEIC";

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first spec
    Init(InitArguments),
    /// Check specs without touching the network
    Validate(ValidateArguments),
    /// Sign in: password, code, and keep the session
    Login(LoginArguments),
    /// Forget a sign-in, at the service too as far as it lets one
    Logout(NameArguments),
    /// Show what a sync would do, and why; writes nothing to a destination
    Plan(PlanArguments),
    /// Do it once, now
    Sync(SyncArguments),
    /// Show the last run, what is settled, and what needs a person
    Status(StatusArguments),
    /// Say why an asset is, or is not, where it is; or what an error code means
    Explain(ExplainArguments),
    /// Compare what is at the destinations with what was placed there
    Verify(VerifyArguments),
    /// Count the copies of each asset: may I empty the cloud?
    Copies(CopiesArguments),
    /// Bring files back from a destination
    Restore(RestoreArguments),
    /// Take over what lies at the destinations already
    Adopt(AdoptArguments),
    /// Say what is wrong with this installation or a spec's destinations, and how to mend it
    Doctor(DoctorArguments),
    /// Print the JSON Schema that editors validate specs by
    Schema(SchemaArguments),
    /// Look at connectors
    Connector(ConnectorArguments),
    /// Look after camroll's own state
    State(StateArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
}

/// Which specs.
#[derive(Debug, Args)]
pub struct Paths {
    /// Spec files, or folders of them [default: the *.yaml of this folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `camroll init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll init                                      # asks for what it needs
  camroll init --apple-id you@example.com --to /mnt/nas/photos
  camroll init --name family --password-env FAMILY_PASSWORD family.yaml")]
pub struct InitArguments {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "camroll.yaml")]
    pub file: PathBuf,
    /// The spec's name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Your Apple Account's address
    #[arg(long, value_name = "ADDRESS")]
    pub apple_id: Option<String>,
    /// The folder that the library shall be in
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = "APPLE_PASSWORD")]
    pub password_env: String,
}

/// `camroll validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Secrets are not read, and no connector runs. Exit code 3 where a spec is wrong.

Examples:
  camroll validate                                  # the *.yaml of this folder
  camroll validate family.yaml specs/
  camroll validate --format github                  # in a workflow
  camroll validate --format sarif > camroll.sarif")]
pub struct ValidateArguments {
    /// The specs
    #[command(flatten)]
    pub paths: Paths,
    /// One JSON document on standard output
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// For a pull request, on standard output: annotations (github) or a SARIF document (sarif)
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<ReportFormat>,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Workflow commands
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// `camroll login`.
#[derive(Debug, Args)]
#[command(after_help = "\
Run it again to go on where it stopped: a code that comes later can be given by another process.

Examples:
  camroll login family
  camroll login family --sms
  camroll login family --code 123456
  camroll login family --code-file /run/camroll/code
  camroll login family --password-file /run/secrets/apple")]
pub struct LoginArguments {
    /// A connection's or a spec's name
    pub name: String,
    /// The code, where it is known already
    #[arg(long, value_name = "CODE", conflicts_with_all = ["code_file", "sms"])]
    pub code: Option<String>,
    /// Wait for this file to appear and take the code from it
    #[arg(long, value_name = "FILE")]
    pub code_file: Option<PathBuf>,
    /// Have the code sent as a text message
    #[arg(long)]
    pub sms: bool,
    /// Take the password from this file instead of the spec's secret
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
}

/// A command about one connection or spec.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll logout family")]
pub struct NameArguments {
    /// A connection's or a spec's name
    pub name: String,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
}

/// `camroll plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll plan family.yaml
  camroll plan --json family.yaml | jq '.plans[].destinations'
  camroll plan --exit-code family.yaml              # 4: there is something to do; 0: nothing
  camroll plan -o plan.json family.yaml             # for `camroll sync --plan plan.json`
  camroll plan --relayout -o plan.json family.yaml  # also what a changed layout moves")]
pub struct PlanArguments {
    /// The specs
    #[command(flatten)]
    pub paths: Paths,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
    /// Also what a changed layout moves: with -o, and given to `sync --plan`, that is done
    #[arg(long)]
    pub relayout: bool,
    /// Saves the plan, for `camroll sync --plan FILE`
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 4 where there is something to do
    #[arg(long)]
    pub exit_code: bool,
}

/// `camroll sync`.
#[derive(Debug, Args)]
#[command(after_help = "\
It can be stopped at any time; the next run goes on where it was. Exit codes: docs/exit-codes.md.

Examples:
  camroll sync                                      # every spec of this folder
  camroll sync family.yaml
  camroll plan -o plan.json && camroll sync --plan plan.json
  camroll sync --json family.yaml > receipt.json")]
pub struct SyncArguments {
    /// The specs
    #[command(flatten)]
    pub paths: Paths,
    /// One JSON document with the receipts on standard output
    #[arg(long)]
    pub json: bool,
    /// Does exactly what this saved plan names, and nothing that came since
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// No progress, only what went wrong
    #[arg(short, long)]
    pub quiet: bool,
}

/// `camroll status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll status
  camroll status family
  camroll status --json | jq -e 'all(.specs[]; .needs_a_person | not)'")]
pub struct StatusArguments {
    /// A spec's name [default: all of this folder]
    pub name: Option<String>,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `camroll explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll explain family IMG_0001.HEIC
  camroll explain apple/adp-on")]
pub struct ExplainArguments {
    /// A spec's name, or an error code
    #[arg(value_name = "NAME|CODE")]
    pub subject: String,
    /// An asset's name or the beginning of its id
    pub asset: Option<String>,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `camroll verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --deep it compares names, sizes, and versions and digests where the destination lists them; \
what was touched since is read. Exit code 9 where something isn't as it was placed.

Examples:
  camroll verify family
  camroll verify family --deep                      # read every byte back
  camroll verify family --deep --repair && camroll sync family.yaml")]
pub struct VerifyArguments {
    /// A spec's name
    pub name: String,
    /// Only this one of its destinations [default: all]
    #[arg(long, value_name = "DESTINATION")]
    pub destination: Option<String>,
    /// Read all bytes back and compare their digests
    #[arg(long)]
    pub deep: bool,
    /// Have the next sync send what is missing or damaged; nothing that is there is overwritten
    #[arg(long)]
    pub repair: bool,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `camroll copies`.
#[derive(Debug, Args)]
#[command(after_help = "\
An asset has a copy at a destination where every file of it that a spec wants is placed. \
Exit code 6 where an asset has fewer copies than asked for.

Examples:
  camroll copies                                    # every spec of this folder, together
  camroll copies family --at-least 2 --proof read-back
  camroll copies --json | jq -r '.below[].name'")]
pub struct CopiesArguments {
    /// A spec's name [default: all of this folder]
    pub name: Option<String>,
    /// Destinations that shall hold each asset
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub at_least: u32,
    /// The least proof that counts: accepted, service-reported, service-checked or read-back
    #[arg(long, value_enum, value_name = "PROOF", default_value_t = ProofLevel::Accepted, hide_possible_values = true)]
    pub proof: ProofLevel,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// Levels of proof, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProofLevel {
    /// The service said yes
    Accepted,
    /// The service told its digest, and it is ours
    ServiceReported,
    /// The service got our digest and would have refused other bytes
    ServiceChecked,
    /// The bytes were read back
    ReadBack,
}

/// `camroll restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing in DIR is overwritten; run again, it goes on where it was. On a machine without state it reads \
the archive's own `.camroll/manifest`. Exit code 9 where a file isn't what was placed.

Examples:
  camroll restore family --to ~/back
  camroll restore family --to ~/back --from offsite --taken-from 2019 --taken-to 2020-06
  camroll restore family --to ~/back --name 'IMG_00*.HEIC'
  camroll restore family --to ~/back --in-scope     # what the spec's filters take now
  camroll restore family --to ~/back --from-manifest")]
pub struct RestoreArguments {
    /// A spec's name
    pub name: String,
    /// The folder that gets the files; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// From which destination [default: the spec's first]
    #[arg(long, value_name = "DESTINATION")]
    pub from: Option<String>,
    /// Taken on this date or later: 2019, 2019-06, 2019-06-30
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub taken_from: Option<WrittenDate>,
    /// Taken on this date or earlier; the whole of it counts
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub taken_to: Option<WrittenDate>,
    /// Only assets with a name like this; can be given several times
    #[arg(long = "name", value_name = "GLOB", value_parser = glob)]
    pub names: Vec<NameGlob>,
    /// Only what the spec's filters take now
    #[arg(long, conflicts_with = "from_manifest")]
    pub in_scope: bool,
    /// By the archive's own manifest, also where this machine has state
    #[arg(long)]
    pub from_manifest: bool,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

fn date(text: &str) -> Result<WrittenDate, String> {
    WrittenDate::parse(text).ok_or_else(|| format!("it isn't {}", WrittenDate::FORM))
}

fn glob(text: &str) -> Result<NameGlob, String> {
    NameGlob::parse(text)
}

/// `camroll adopt`.
#[derive(Debug, Args)]
#[command(after_help = "\
What the archive's own manifest names is read and compared; other files are compared with the library by size \
and content. What is taken over isn't sent again.

Examples:
  camroll adopt family                              # the state is lost, the archive isn't
  camroll adopt family --destination nas && camroll plan family.yaml
  camroll adopt family --manifest-only              # the source isn't asked")]
pub struct AdoptArguments {
    /// A spec's name
    pub name: String,
    /// Only this one of its destinations [default: all]
    #[arg(long, value_name = "DESTINATION")]
    pub destination: Option<String>,
    /// Only what the manifest names; the source isn't asked
    #[arg(long)]
    pub manifest_only: bool,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `camroll doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
With a spec's name it signs in at the source, and writes, reads and takes away a small file at each destination.

Examples:
  camroll doctor
  camroll doctor family
  camroll doctor family --json")]
pub struct DoctorArguments {
    /// A spec's name
    pub name: Option<String>,
    /// Where the specs are [default: this folder]
    #[arg(long, value_name = "PATH")]
    pub specs: Vec<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// `camroll schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll schema > camroll.schema.json              # name it in the first line of a spec
  camroll schema receipt")]
pub struct SchemaArguments {
    /// Whose: spec or receipt
    #[arg(value_enum, default_value_t = SchemaKind::Spec, hide_possible_values = true)]
    pub kind: SchemaKind,
    /// Write all of them into this folder instead
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
}

/// The schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// Of a spec
    Spec,
    /// Of a receipt
    Receipt,
}

/// `camroll connector`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll connector list
  camroll connector info icloud-photos")]
pub struct ConnectorArguments {
    /// What to do
    #[command(subcommand)]
    pub command: ConnectorCommand,
}

/// What can be done with connectors.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// The connectors that this camroll has
    #[command(after_help = "\
Examples:
  camroll connector list
  camroll connector list --json | jq -r '.connectors[].id'")]
    List {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// What a connector may do, and why: hosts, secrets, settings
    #[command(after_help = "\
Examples:
  camroll connector info icloud-photos
  camroll connector info s3 --json")]
    Info {
        /// Its id, such as icloud-photos
        id: String,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `camroll state`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll state rebuild")]
pub struct StateArguments {
    /// What to do
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What can be done with the state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Make the index anew from the journal; the library is listed again by the next sync, and nothing is sent twice
    #[command(after_help = "\
Examples:
  camroll state rebuild")]
    Rebuild,
}

/// `camroll completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  camroll completions bash > ~/.local/share/bash-completion/completions/camroll
  camroll completions zsh > ~/.zfunc/_camroll
  camroll completions fish > ~/.config/fish/completions/camroll.fish")]
pub struct CompletionsArguments {
    /// For which shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::Arguments;

    /// Each command that does something, with what its help ends with.
    fn leaves(command: &Command, path: &str, found: &mut Vec<(String, String)>) {
        if command.get_subcommands().next().is_none() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            found.push((path.to_owned(), help));
        }
        for one in command.get_subcommands() {
            leaves(one, &format!("{path} {}", one.get_name()), found);
        }
    }

    #[test]
    fn every_command_shows_examples_and_each_is_a_right_command_line() {
        let mut found = Vec::new();
        leaves(&Arguments::command(), "camroll", &mut found);
        assert!(found.len() >= 18, "{found:?}");
        for (path, help) in found {
            let (_, examples) = help
                .split_once("Examples:\n")
                .unwrap_or_else(|| panic!("{path} --help has none"));
            assert!(
                examples.lines().any(|line| line.starts_with(&format!("  {path}"))),
                "{path}"
            );
            for line in examples.lines() {
                let written = line.split(" #").next().unwrap_or_default();
                for one in written.split(" && ") {
                    // What a shell does with the output isn't camroll's.
                    let ours = one
                        .split(" | ")
                        .next()
                        .and_then(|one| one.split(" > ").next())
                        .unwrap_or_default();
                    let words = ours.split_whitespace().map(|word| word.trim_matches('\''));
                    if let Err(error) = Arguments::command().try_get_matches_from(words) {
                        panic!("{line}: {error}");
                    }
                }
            }
        }
    }
}
