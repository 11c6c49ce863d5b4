//! Files from disk. The only reading of specs that touches a disk; everything after it is pure.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{FileRole, Reading, SourceFile, read};
use crate::settings::Connectors;
use crate::text::{Diagnostic, FILE_LIMIT, Place};

/// Most files that are read together.
const FILES: usize = 256;

/// Reads the specs of files and folders (a folder's `*.yaml`), with the connections of the files beside them.
pub fn load(paths: &[PathBuf], connectors: &Connectors) -> Reading {
    let (files, mut faults) = gather(paths);
    let mut reading = read(&files, connectors);
    faults.append(&mut reading.diagnostics);
    if faults.is_empty() && reading.specs.is_empty() {
        let file = paths.first().map_or_else(|| PathBuf::from("."), Clone::clone);
        let help = "a spec has version, name, source and destination; `camroll init` writes a first one";
        faults.push(Diagnostic::error("file/no-spec", &file, Place::START, "there is no spec here").with_help(help));
    }
    reading.diagnostics = faults;
    reading
}

/// Opens files and folders, and what stands beside them.
pub fn gather(paths: &[PathBuf]) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let mut gathering = Gathering::default();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => gathering.folder(path, FileRole::Asked),
            Ok(_) => gathering.file(path, FileRole::Asked),
            Err(error) => gathering.fault(path, &error),
        }
    }
    let folders: BTreeSet<PathBuf> = gathering.files.iter().map(|file| folder_of(&file.path)).collect();
    for folder in folders {
        gathering.folder(&folder, FileRole::Beside);
    }
    (gathering.files, gathering.faults)
}

#[derive(Default)]
struct Gathering {
    files: Vec<SourceFile>,
    faults: Vec<Diagnostic>,
    seen: BTreeSet<PathBuf>,
}

impl Gathering {
    fn folder(&mut self, folder: &Path, role: FileRole) {
        match yaml_files(folder) {
            Ok(files) => {
                if files.is_empty() && role == FileRole::Asked {
                    let message = "there is no *.yaml file in this folder";
                    let help = "`camroll init` writes a first spec";
                    self.faults
                        .push(Diagnostic::error("file/no-spec", folder, Place::START, message).with_help(help));
                }
                files.iter().for_each(|file| self.file(file, role));
            }
            Err(error) if role == FileRole::Asked => self.fault(folder, &error),
            Err(_) => {}
        }
    }

    fn file(&mut self, path: &Path, role: FileRole) {
        // One file by two paths is one file.
        if !self
            .seen
            .insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
        {
            return;
        }
        if self.files.len() >= FILES {
            if self.files.len() == FILES && role == FileRole::Asked {
                let message = format!("more than {FILES} files are not read together");
                self.faults
                    .push(Diagnostic::error("file/too-many", path, Place::START, message));
            }
            return;
        }
        match text_of(path) {
            Ok(text) => self.files.push(SourceFile {
                path: path.to_owned(),
                text,
                role,
            }),
            Err(error) if role == FileRole::Asked => self.fault(path, &error),
            Err(_) => {}
        }
    }

    fn fault(&mut self, path: &Path, error: &io::Error) {
        let (code, message) = match error.kind() {
            io::ErrorKind::NotFound => ("file/missing", "there is no such file or folder".to_owned()),
            io::ErrorKind::InvalidData => ("file/not-text", "this is not UTF-8 text, so it is no spec".to_owned()),
            _ => ("file/unreadable", format!("this can't be read: {error}")),
        };
        let mut fault = Diagnostic::error(code, path, Place::START, message);
        if code == "file/missing" && path.extension().is_none() && path.components().count() == 1 {
            fault.help =
                Some("if that is a spec's name: here its file is wanted, or the folder that it is in".to_owned());
        }
        self.faults.push(fault);
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The visible `*.yaml` of a folder, by name.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let path = if folder == Path::new(".") {
            PathBuf::from(&name)
        } else {
            folder.join(&name)
        };
        let visible = !name.to_string_lossy().starts_with('.');
        if visible && path.extension().is_some_and(|extension| extension == "yaml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// One byte more than the limit is read, so that the limit is seen.
fn text_of(path: &Path) -> io::Result<String> {
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is neither a file nor a folder"));
    }
    let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    // A character that the limit cuts in two doesn't make a long text something else.
    if bytes.len() > FILE_LIMIT {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_visible_yaml_files_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "a: 1\n").expect("written");
            path
        };
        let (a, b) = (write("a.yaml"), write("b.yaml"));
        write(".hidden.yaml");
        write("notes.txt");
        let roles = |paths: &[PathBuf]| -> Vec<(String, FileRole)> {
            let (files, faults) = gather(paths);
            assert!(faults.is_empty(), "{faults:?}");
            files
                .iter()
                .map(|file| {
                    (
                        file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                        file.role,
                    )
                })
                .collect()
        };
        let asked = |name: &str| (name.to_owned(), FileRole::Asked);
        assert_eq!(roles(&[folder.path().to_owned()]), [asked("a.yaml"), asked("b.yaml")]);
        assert_eq!(
            roles(&[b.clone(), b.clone()]),
            [asked("b.yaml"), ("a.yaml".to_owned(), FileRole::Beside)]
        );
        assert_eq!(roles(&[a, folder.path().to_owned(), b]).len(), 2);
    }

    #[test]
    fn what_is_missing_or_no_text_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let binary = folder.path().join("x.yaml");
        std::fs::write(&binary, b"\xff\xfe\x00").expect("written");
        let codes = |path: PathBuf| gather(&[path]).1.iter().map(|fault| fault.code).collect::<Vec<_>>();
        assert_eq!(codes(folder.path().join("none.yaml")), ["file/missing"]);
        assert_eq!(codes(binary), ["file/not-text"]);
        let empty = tempfile::tempdir().expect("a folder");
        assert_eq!(codes(empty.path().to_owned()), ["file/no-spec"]);
    }
}
