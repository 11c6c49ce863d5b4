//! The file of a saved plan.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use camroll_sync::{Exit, SavedPlan};

use crate::story::Story;

/// Bytes of a plan that is read: a million files have some 300 MB.
const LIMIT: u64 = 1 << 30;

/// Writes a plan, in the place of an older one only when it is whole.
pub fn write(path: &Path, plan: &SavedPlan) -> Result<(), Story> {
    let text = serde_json::to_vec_pretty(plan).map_err(Story::unexpected)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder)
        .and_then(|mut file| {
            file.write_all(&text)
                .and_then(|()| file.as_file().sync_all())
                .map(|()| file)
        })
        .and_then(|file| file.persist(path).map(drop).map_err(|error| error.error));
    written.map_err(|error| {
        Story::new(
            Exit::Unexpected,
            format!("{} can't be written: {error}", path.display()),
        )
    })
}

/// Reads a plan.
pub fn read(path: &Path) -> Result<SavedPlan, Story> {
    let wrong = |why: String| {
        Story::new(Exit::Usage, format!("{} isn't a saved plan: {why}", path.display()))
            .hint(format!("camroll plan -o {}", path.display()))
    };
    let length = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > LIMIT {
        return Err(wrong(format!("it has {length} bytes")));
    }
    let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let plan: SavedPlan = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    if !plan.is_understood() {
        return Err(wrong(format!("its version is {}, and this camroll reads 1", plan.plan)));
    }
    Ok(plan)
}
