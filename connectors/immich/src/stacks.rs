//! Which file of an asset lies on top of its stack.

use camroll_connector::types::{Asset, Role};

use crate::answers::Stack;
use crate::ids::Id;
use crate::media_types::is_raw;

/// A file that goes into a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which file of the asset.
    pub role: Role,
    /// The server's id.
    pub id: Id,
}

/// Whether files of that role are stacked: pictures and films of their own, not the moving halves of Live Photos.
pub fn is_stacked(role: Role) -> bool {
    matches!(role, Role::Original | Role::Alternate | Role::Edited)
}

/// The members' ids, the one on top first: the edit, else what isn't RAW, else the original. A stack that is there keeps its top where a person chose another file for it.
pub fn ordered(asset: &Asset, members: &[Member], there: Option<&Stack>) -> Vec<Id> {
    let rank = |member: &Member| {
        let raw = asset
            .resources
            .iter()
            .find(|resource| resource.role == member.role)
            .is_some_and(|resource| is_raw(&resource.media_type));
        (member.role != Role::Edited, raw, member.role != Role::Original)
    };
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by_key(|member| rank(member));
    let mut ids: Vec<Id> = Vec::new();
    let chosen = there
        .map(|stack| &stack.primary_asset_id)
        .filter(|top| members.iter().all(|member| member.id != **top));
    for id in chosen.into_iter().chain(sorted.into_iter().map(|member| &member.id)) {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use camroll_connector::types::{AssetKind, AssetResource};

    use super::*;

    fn id(last: u8) -> Id {
        Id::parse(&format!("3f2b8c1e-6a4d-4e0f-9b77-0123456789{last:02x}")).expect("an id")
    }

    fn asset(files: &[(Role, &str)]) -> Asset {
        Asset {
            id: "a".into(),
            keys: Vec::new(),
            version: String::new(),
            kind: AssetKind::Photo,
            traits: Vec::new(),
            name: None,
            taken: None,
            taken_offset: None,
            added: None,
            favorite: false,
            hidden: false,
            resources: files
                .iter()
                .map(|(role, media_type)| AssetResource {
                    id: String::new(),
                    role: *role,
                    version: String::new(),
                    name: None,
                    media_type: (*media_type).into(),
                    size: None,
                    digests: Vec::new(),
                    available: true,
                    pointer: Vec::new(),
                    attributes: Vec::new(),
                })
                .collect(),
            attributes: Vec::new(),
        }
    }

    fn member(role: Role, last: u8) -> Member {
        Member { role, id: id(last) }
    }

    #[test]
    fn the_edit_is_on_top_else_what_isnt_raw() {
        let raw_first = asset(&[
            (Role::Original, "image/x-adobe-dng"),
            (Role::Alternate, "image/jpeg"),
            (Role::Edited, "image/jpeg"),
        ]);
        let (raw, jpeg, edit) = (
            member(Role::Original, 1),
            member(Role::Alternate, 2),
            member(Role::Edited, 3),
        );
        assert_eq!(ordered(&raw_first, &[raw.clone(), jpeg.clone()], None), [id(2), id(1)]);
        assert_eq!(
            ordered(&raw_first, &[raw.clone(), jpeg, edit], None),
            [id(3), id(2), id(1)]
        );
        let heic_first = asset(&[(Role::Original, "image/heic"), (Role::Alternate, "image/jpeg")]);
        assert_eq!(
            ordered(&heic_first, &[member(Role::Alternate, 2), raw], None),
            [id(1), id(2)]
        );
    }

    #[test]
    fn a_persons_choice_stays_on_top() {
        let asset = asset(&[(Role::Original, "image/heic"), (Role::Edited, "image/jpeg")]);
        let members = [member(Role::Original, 1), member(Role::Edited, 2)];
        let stack = |top| Stack {
            id: id(9),
            primary_asset_id: top,
        };
        assert_eq!(ordered(&asset, &members, Some(&stack(id(7)))), [id(7), id(2), id(1)]);
        assert_eq!(ordered(&asset, &members, Some(&stack(id(1)))), [id(2), id(1)]);
    }
}
