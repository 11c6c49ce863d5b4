//! Between the interface's types and the engine's. What a connector answers is checked here for shape and size; what is merely wrong (a lie about a
//! photo) can't be seen here. The other way nothing can fail, and the functions end in `_out`.

mod assets;
mod bounds;
mod errors;
mod places;
mod sources;
mod words;

pub(crate) use bounds::as_many;
pub(crate) use errors::{error, error_out};
pub(crate) use places::{
    entries, entry, entry_out, file_out, identity, name_rules_out, orphan_out, staged, stored, target_out,
};
pub(crate) use sources::{account, change, libraries, located, page, question, reference_out};
pub(crate) use words::{instant, instant_out};
