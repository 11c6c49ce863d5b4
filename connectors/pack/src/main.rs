//! Makes components of connectors.
fn main() {}
