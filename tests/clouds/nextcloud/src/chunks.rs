//! What is done with chunks (apps/dav/lib/Upload of both servers: UploadHome.php, UploadFolder.php, FutureFile.php, ChunkingPlugin.php; of Nextcloud ChunkingV2Plugin.php besides).

use crate::paths::{Place, name, parent, place};
use crate::product::{Product, Storage};
use crate::refusal::Refusal;
use crate::state::{Answer, Asked, State};
use crate::uploads::{Upload, number};

impl State {
    /// Whether requests about an upload are about a multipart upload of the bucket.
    fn is_multipart(&self, asked: &Asked) -> bool {
        self.product == Product::Nextcloud
            && self.storage == Storage::Objects
            && asked.header("destination").is_some_and(|told| !told.is_empty())
    }

    pub(crate) fn begin(&mut self, asked: &Asked, id: &str) -> Result<Answer, Refusal> {
        if self.uploads.contains_key(id) {
            return Err(Refusal::not_allowed("The resource you tried to create already exists"));
        }
        let destination = match self.is_multipart(asked) {
            true => Some(self.destination(asked)?),
            false => None,
        };
        self.uploads
            .insert(id.to_owned(), Upload::begun(destination, asked.now));
        Ok(Answer::of(201).with("Content-Length", "0"))
    }

    pub(crate) fn put_chunk(&mut self, asked: &Asked, id: &str, chunk: &str) -> Result<Answer, Refusal> {
        let multipart = self.is_multipart(asked);
        let upload = self.uploads.get(id).ok_or_else(|| Refusal::not_found(id))?;
        if chunk == ".file" {
            return Err(Refusal::forbidden("Permission denied to put into this file"));
        }
        let length = asked.body.len() as u64;
        if multipart {
            let Some(destination) = &upload.destination else {
                return Err(Refusal::precondition(
                    "Missing metadata for chunked upload. The distributed cache does not hold the information of previous requests.",
                ));
            };
            let number = number(chunk)
                .ok_or_else(|| Refusal::bad_request("Invalid chunk name, must be numeric between 1 and 10000"))?;
            let folder = parent(destination).unwrap_or_default();
            if self.tree.get(folder).is_none() {
                return Err(Refusal::not_found(folder));
            }
            if self.free().is_some_and(|free| upload.size() + length > free) {
                return Err(Refusal::no_space(format!(
                    "Insufficient space in files/{}/{destination}",
                    self.account.user
                )));
            }
            if let Some(upload) = self.uploads.get_mut(id) {
                upload.parts.insert(number, asked.body.clone());
                upload.touch(asked.now);
            }
            return Ok(Answer::of(201));
        }
        // Nextcloud's QuotaPlugin.php, `beforeCreateFile`; ownCloud's looks when the chunks are put together.
        if let (Product::Nextcloud, Some(told), Some(total)) = (
            self.product,
            asked.header("destination"),
            asked.number("oc-total-length"),
        ) && let Place::File(destination) = place(told, &self.account.user)?
        {
            self.room(parent(&destination).unwrap_or_default(), total)?;
        }
        let Some(upload) = self.uploads.get_mut(id) else {
            return Err(Refusal::not_found(id));
        };
        let before = upload.chunks.insert(chunk.to_owned(), asked.body.clone());
        upload.touch(asked.now);
        Ok(Answer::of(if before.is_some() { 204 } else { 201 }).with("Content-Length", "0"))
    }

    pub(crate) fn give_up(&mut self, id: &str) -> Result<Answer, Refusal> {
        match self.uploads.remove(id) {
            Some(_) => Ok(Answer::of(204).with("Content-Length", "0")),
            None => Err(Refusal::not_found(id)),
        }
    }

    /// MOVE of the file that an upload's chunks will be.
    pub(crate) fn assemble(&mut self, asked: &Asked, id: &str, chunk: &str) -> Result<Answer, Refusal> {
        let upload = self.uploads.get(id).ok_or_else(|| Refusal::not_found(id))?;
        if chunk != ".file" {
            return Err(Refusal::forbidden("Permission denied to rename this file"));
        }
        let size = upload.size();
        let to = self.target(asked)?;
        self.account.names.check(name(&to))?;
        self.room(parent(&to).unwrap_or_default(), size)?;
        let multipart = self.is_multipart(asked) && upload.destination.is_some();
        if let (false, Some(told)) = (multipart, asked.header("oc-total-length"))
            && told != size.to_string()
        {
            return Err(Refusal::bad_request(format!(
                "Chunks on server do not sum up to {told} but to {size} bytes"
            )));
        }
        let storage = self.storage;
        let Some(upload) = self.uploads.get_mut(id) else {
            return Err(Refusal::not_found(id));
        };
        let content = upload.whole(storage)?;
        let answer = match multipart {
            // The bucket put it together: the request's checksum isn't looked at, nor kept.
            true => {
                let status = if self.tree.get(&to).is_some() { 204 } else { 201 };
                let mut answer = Answer::of(status);
                let modified = asked.modified()?;
                if modified.is_some() {
                    answer = answer.with("X-OC-MTime", "accepted");
                }
                self.tree
                    .write(&to, content, String::new(), modified.unwrap_or(asked.now));
                let id = self.tree.get(&to).map_or(0, |node| node.id);
                answer.with("OC-FileId", self.file_id(id)).with("Content-Length", "0")
            }
            false => self.write(asked, &to, content)?,
        };
        self.uploads.remove(id);
        Ok(answer)
    }
}
