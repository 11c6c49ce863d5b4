//! The `camroll` command.
fn main() {}
