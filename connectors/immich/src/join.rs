//! Joins what belongs together: the halves of a Live Photo, the files of a stack.

use camroll_connector::types::{Asset as Source, Error, Role};
use serde_json::json;

use crate::answers::Asset;
use crate::ids::Id;
use crate::stacks::{is_stacked, ordered, Member};
use crate::upload::tolerate;
use crate::wire::Session;

/// Files of the asset that are there.
pub struct Siblings(pub Vec<(Role, Id)>);

impl Siblings {
    /// The file of that role.
    pub fn of(&self, role: Role) -> Option<&Id> {
        self.0.iter().find(|(known, _)| *known == role).map(|(_, id)| id)
    }

    /// The film that belongs to a still of that role.
    pub fn film_of(&self, role: Role) -> Option<&Id> {
        match role {
            Role::Original => self.of(Role::PairedVideo),
            Role::Edited => self.of(Role::EditedPairedVideo),
            _ => None,
        }
    }

    /// The still that a film of that role belongs to.
    fn still_of(&self, role: Role) -> Option<&Id> {
        match role {
            Role::PairedVideo => self.of(Role::Original),
            Role::EditedPairedVideo => self.of(Role::Edited),
            _ => None,
        }
    }
}

impl Session {
    /// Joins a file that is there now with those that were there before. Gives it as it is then.
    pub fn join(&self, asset: Asset, role: Role, source: &Source, siblings: &Siblings) -> Result<Asset, Error> {
        let mut asset = asset;
        if let Some(film) = siblings.film_of(role) {
            // A still that has another film already was joined by somebody else: theirs stays.
            if asset.live_photo_video_id.is_none() {
                asset = self.link(&asset.id, film)?;
            }
        }
        if let Some(still) = siblings.still_of(role) {
            let there = self.asset(still)?;
            if there.is_some_and(|there| there.live_photo_video_id.is_none()) {
                self.link(still, &asset.id)?;
                asset = self.asset(&asset.id)?.unwrap_or(asset);
            }
        }
        if is_stacked(role) {
            tolerate(self.stack(&asset, role, source, siblings), "a stack isn't made")?;
        }
        Ok(asset)
    }

    /// Gives a still its film. The server hides the film from then on.
    fn link(&self, still: &Id, film: &Id) -> Result<Asset, Error> {
        let body = json!({"livePhotoVideoId": film.as_str()});
        let path = format!("/assets/{}", still.as_str());
        self.send("PUT", &path, &body, "joining the halves of a Live Photo")
    }

    /// Stacks a file with the others of its asset. What is stacked already is taken in with its whole stack.
    fn stack(&self, asset: &Asset, role: Role, source: &Source, siblings: &Siblings) -> Result<(), Error> {
        let mut members: Vec<Member> = Vec::new();
        let mut there = asset.stack.clone();
        let others = siblings
            .0
            .iter()
            .filter(|(role, id)| is_stacked(*role) && *id != asset.id);
        for (role, id) in others {
            let Some(sibling) = self.asset(id)? else { continue };
            there = there.or(sibling.stack);
            members.push(Member {
                role: *role,
                id: id.clone(),
            });
        }
        if members.is_empty() {
            return Ok(());
        }
        members.push(Member {
            role,
            id: asset.id.clone(),
        });
        let ids = ordered(source, &members, there.as_ref());
        let ids: Vec<&str> = ids.iter().map(Id::as_str).collect();
        self.tell("POST", "/stacks", &json!({"assetIds": ids}), "making a stack")
            .map(drop)
    }
}
