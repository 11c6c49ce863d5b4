//! What a file system can hold: names, sizes, whether its inodes mean anything tomorrow.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use camroll_model::{LimitUnit, NameRules, UnicodeForm};
use rustix::fs::{AtFlags, Dir};
use rustix::io::Errno;

use super::folder::{Folder, identity};
use camroll_model::ConnectorError;

/// Most entries of the folder that are looked at to find out about upper and lower case.
const CASE_SAMPLES: usize = 64;

/// A kind of file system, as far as names and inodes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// ext, XFS, Btrfs, tmpfs, ZFS, overlays: any bytes, stable inodes.
    Posix,
    /// NFS: as its server, and inodes aren't to be relied on.
    Nfs,
    /// FAT.
    Fat,
    /// exFAT, NTFS, SMB.
    Windows,
    /// Not known: a FUSE or something newer.
    Unknown,
}

/// What is known of the file system that a folder is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    family: Family,
}

/// Space, and what names can be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VolumeFacts {
    pub(crate) free: u64,
    pub(crate) total: u64,
    pub(crate) names: NameRules,
    pub(crate) max_size: Option<u64>,
}

impl Volume {
    pub(super) fn of(folder: &OwnedFd) -> Self {
        Self { family: family(folder) }
    }

    /// Whether a file keeps its inode over a new mount, so that another inode means another file.
    pub(super) fn stable_inodes(self) -> bool {
        self.family == Family::Posix
    }
}

impl Folder {
    /// What the file system has and can. Reads only.
    pub(crate) fn volume(&self) -> Result<VolumeFacts, ConnectorError> {
        self.check_there()?;
        let failed = |error: Errno| super::failure("Looking at the volume of", "", &error.into());
        let facts = rustix::fs::fstatvfs(&self.root).map_err(failed)?;
        let block = facts.f_frsize.max(1);
        let family = self.volume.family;
        let windows = matches!(family, Family::Fat | Family::Windows);
        let case_sensitive = match case_sensitive(&self.root).unwrap_or(None) {
            Some(seen) => seen,
            // An empty folder tells nothing.
            None => !windows && !cfg!(target_os = "macos"),
        };
        let bytes_limit = u32::try_from(facts.f_namemax).unwrap_or(255).clamp(1, 255);
        let names = NameRules {
            forbidden: if windows { windows_forbidden() } else { "/\0".to_owned() },
            forbidden_first: String::new(),
            forbidden_last: if windows { ". ".to_owned() } else { String::new() },
            reserved: if windows { windows_reserved() } else { Vec::new() },
            case_sensitive,
            unicode: if cfg!(target_os = "macos") {
                UnicodeForm::Nfd
            } else {
                UnicodeForm::Keep
            },
            name_limit: if windows { 255 } else { bytes_limit },
            // PATH_MAX is 4096 with its NUL; some room for the folder itself and a draft's suffix.
            path_limit: 3800,
            limits_in: if windows { LimitUnit::Utf16 } else { LimitUnit::Bytes },
            duplicates: false,
        };
        Ok(VolumeFacts {
            free: facts.f_bavail.saturating_mul(block),
            total: facts.f_blocks.saturating_mul(block),
            names,
            max_size: (family == Family::Fat).then_some(u64::from(u32::MAX)),
        })
    }
}

/// Whether "a" and "A" are two names here; none if nothing there tells.
fn case_sensitive(folder: &OwnedFd) -> io::Result<Option<bool>> {
    for entry in Dir::read_from(folder)?.take(CASE_SAMPLES) {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let flipped: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_uppercase() {
                    c.to_ascii_lowercase()
                } else {
                    c.to_ascii_uppercase()
                }
            })
            .collect();
        if flipped == name {
            continue;
        }
        let Ok(its) = rustix::fs::statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        return Ok(Some(
            match rustix::fs::statat(folder, flipped.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(other) => identity(&other) != identity(&its),
                Err(Errno::NOENT) => true,
                Err(error) => return Err(error.into()),
            },
        ));
    }
    Ok(None)
}

/// By statfs(2)'s magic numbers.
#[cfg(target_os = "linux")]
fn family(folder: impl AsFd) -> Family {
    let Ok(facts) = rustix::fs::fstatfs(folder) else {
        return Family::Unknown;
    };
    match facts.f_type as u32 {
        // ext2-4, XFS, Btrfs, tmpfs, ramfs, ZFS, F2FS, overlayfs, bcachefs.
        0xEF53 | 0x5846_5342 | 0x9123_683E | 0x0102_1994 | 0x8584_58F6 | 0x2FC1_2FC1 | 0xF2F5_2010 | 0x794C_7630
        | 0xCA45_1A4E => Family::Posix,
        0x6969 => Family::Nfs,
        0x4D44 => Family::Fat,
        // exFAT, NTFS, NTFS3, SMB, CIFS, SMB2.
        0x2011_BAB0 | 0x5346_544E | 0x7366_746E | 0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Family::Windows,
        _ => Family::Unknown,
    }
}

#[cfg(not(target_os = "linux"))]
fn family(_folder: impl AsFd) -> Family {
    // APFS, which keeps inodes. What else can be mounted there tells itself by its names.
    if cfg!(target_os = "macos") {
        Family::Posix
    } else {
        Family::Unknown
    }
}

fn windows_forbidden() -> String {
    ('\0'..='\x1f').chain("/\\<>:\"|?*".chars()).collect()
}

fn windows_reserved() -> Vec<String> {
    let numbered = ["COM", "LPT"]
        .into_iter()
        .flat_map(|name| (1..=9).map(move |number| format!("{name}{number}")));
    ["CON", "PRN", "AUX", "NUL"]
        .into_iter()
        .map(str::to_owned)
        .chain(numbered)
        .collect()
}
