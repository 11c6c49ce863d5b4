//! What becomes of each wanted file.

use camroll_model::{Features, Ownership, Placement, Reason, Resource, Role, Value, attribute};

use super::report::SkipCode;
use crate::files::{Match, agrees, is_media};
use crate::name::version_mark;

/// What becomes of a wanted file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// That placement holds its bytes.
    Already(usize),
    /// It can't be there.
    Skip(SkipCode, String),
    /// The source has no bytes of it yet. Named all the same, so that its group gets a stem that suits it, too; but for what will take the place
    /// of a placement.
    Wait(Option<Vec<String>>),
    /// It takes the place of that placement.
    Replace(usize, Reason),
    /// It is brought, its stem marked with the first of these that is free.
    Put(Reason, Vec<String>),
}

impl Decision {
    /// What its stem may be marked with, if it needs a name.
    pub(super) fn marks(&self) -> Option<&[String]> {
        match self {
            Self::Wait(marks) => marks.as_deref(),
            Self::Put(_, marks) => Some(marks),
            Self::Already(_) | Self::Skip(..) | Self::Replace(..) => None,
        }
    }
}

/// Decides for the files of one asset.
pub(super) struct Decider<'a> {
    pub features: &'a Features,
    pub own: &'a [(usize, &'a Placement)],
    pub wanted: &'a [&'a Resource],
    pub matches: &'a [Match],
    /// Whether what is at a placement may be replaced as far as its place goes.
    pub replaceable: &'a dyn Fn(&Placement) -> bool,
}

/// The files that change together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Original,
    Edited,
    Sidecar,
}

fn family(role: Role) -> Family {
    match role {
        Role::Edited | Role::EditedPairedVideo | Role::Adjustment => Family::Edited,
        Role::Sidecar => Family::Sidecar,
        _ => Family::Original,
    }
}

impl Decider<'_> {
    pub(super) fn decide(&self, index: usize) -> Decision {
        let (Some(resource), Some(matched)) = (self.wanted.get(index), self.matches.get(index)) else {
            return Decision::Skip(SkipCode::Name, "it isn't known".to_owned());
        };
        if let Some(placement) = matched.satisfied {
            return Decision::Already(placement);
        }
        if let Some((code, why)) = self.cannot_be_there(resource) {
            return Decision::Skip(code, why);
        }
        let replaced = match family(resource.role) {
            Family::Original => None,
            Family::Edited | Family::Sidecar => self.to_replace(resource, matched),
        };
        let reason = match (matched.older.is_empty(), family(resource.role)) {
            (true, _) => Reason::New,
            (false, Family::Original) => Reason::OriginalChanged,
            (false, Family::Edited) => Reason::Reedited,
            (false, Family::Sidecar) => Reason::MetadataChanged,
        };
        match replaced {
            Some(_) if !resource.available => Decision::Wait(None),
            None if !resource.available => Decision::Wait(Some(self.marks(resource, &reason))),
            Some(placement) => Decision::Replace(placement, reason),
            None => {
                let marks = self.marks(resource, &reason);
                Decision::Put(reason, marks)
            }
        }
    }

    fn cannot_be_there(&self, resource: &Resource) -> Option<(SkipCode, String)> {
        if let (Some(size), Some(max)) = (resource.size, self.features.max_size)
            && size > max
        {
            let why = format!("it has {size} bytes, and the largest file there can have {max}");
            return Some((SkipCode::TooLarge, why));
        }
        let listed = match attribute(&self.features.attributes, "media-types") {
            Some(Value::Texts(types)) => types
                .iter()
                .any(|taken| taken.eq_ignore_ascii_case(&resource.media_type)),
            _ => true,
        };
        let media = !self.features.has_trait("takes-only-media") || is_media(&resource.media_type);
        (!listed || !media).then(|| {
            let why = format!("the service takes no files of the type {}", resource.media_type);
            (SkipCode::MediaType, why)
        })
    }

    /// The placement that an edit or a sidecar takes the place of: such a one, too (ids may change their role), ours or taken over, under a name that still goes with the type, held by nobody else.
    fn to_replace(&self, resource: &Resource, matched: &Match) -> Option<usize> {
        if !self.features.has_trait("replace") || self.features.has_trait("immutable") {
            return None;
        }
        self.own
            .iter()
            .filter(|(index, placement)| matched.older.contains(index) && placement.role == resource.role)
            .filter(|(_, placement)| matches!(placement.ownership, Ownership::Ours | Ownership::Adopted))
            .filter(|(_, placement)| {
                placement
                    .path()
                    .is_none_or(|path| keeps_its_end(path, &resource.media_type))
            })
            .filter(|(_, placement)| (self.replaceable)(placement))
            .min_by_key(|(index, placement)| (placement.resource != resource.id, placement.path(), *index))
            .map(|(index, _)| *index)
    }

    /// What tells versions apart at the end of a stem. Both halves of a Live Photo get the mark of the still, where it changed.
    pub(super) fn marks(&self, resource: &Resource, reason: &Reason) -> Vec<String> {
        let own = version_mark(&resource.version);
        let together = self
            .mark_of_family(family(resource.role))
            .unwrap_or_else(|| own.clone());
        let both = format!("{together}-{own}");
        let mut marks = match reason {
            Reason::OriginalChanged => vec![together, own, both],
            Reason::Reedited | Reason::MetadataChanged => vec![String::new(), together, own, both],
            _ => vec![String::new()],
        };
        marks.dedup();
        marks
    }

    /// The mark of the still or edit that leads a family, if other bytes of it are there.
    fn mark_of_family(&self, family: Family) -> Option<String> {
        let lead = match family {
            Family::Original => Role::Original,
            Family::Edited => Role::Edited,
            Family::Sidecar => Role::Sidecar,
        };
        self.wanted
            .iter()
            .zip(self.matches)
            .find(|(resource, matched)| resource.role == lead && !matched.older.is_empty())
            .map(|(resource, _)| version_mark(&resource.version))
    }
}

/// Whether a file of that type can stay under that name.
fn keeps_its_end(path: &str, media_type: &str) -> bool {
    path.rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .is_none_or(|(_, extension)| agrees(extension, media_type))
}
