//! Diagnostics as other programs read them: JSON, GitHub's annotations, SARIF 2.1.0. How people see them is the command line's work.

mod codes;
mod github;
mod json;
mod sarif;

pub use codes::{CODES, Code, explain_code};
pub use github::github;
pub use json::json;
pub use sarif::sarif;
