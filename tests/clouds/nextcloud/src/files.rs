//! What is done with files: PUT, GET, MKCOL, MOVE, DELETE, PATCH (sabre-io/dav, lib/DAV/CorePlugin.php and Server.php; apps/dav/lib/Connector/Sabre of both servers).

use bytes::Bytes;

use crate::checksums;
use crate::paths::{name, parent};
use crate::product::Product;
use crate::refusal::Refusal;
use crate::state::{Answer, Asked, State};
use crate::tree::Kind;

/// What a folder is taken to need (Nextcloud's QuotaPlugin.php, `onCreateCollection`).
const FOLDER: u64 = 4096;

/// Whether what arrived is what was told of it. What is kept as the file's checksums.
fn checked(product: Product, told: Option<&str>, content: &[u8]) -> Result<String, Refusal> {
    match product {
        Product::Nextcloud => Ok(told.unwrap_or_default().trim().to_owned()),
        Product::OwnCloud => {
            let computed = checksums::all(content);
            match told {
                Some(told) if !computed.contains(told.trim()) => Err(Refusal::bad_request(
                    "The computed checksum does not match the one received from the client.",
                )),
                _ => Ok(computed),
            }
        }
    }
}

impl State {
    fn folder_above(&self, path: &str) -> Result<(), Refusal> {
        let above = parent(path).unwrap_or_default();
        match self.tree.get(above) {
            Some(node) if node.is_folder() => Ok(()),
            Some(_) => Err(Refusal::conflict("Parent node is not a collection")),
            None => Err(Refusal::not_found(above)),
        }
    }

    /// Conditions of a request on what is there (Server.php, `checkPreconditions`).
    fn conditions(&self, asked: &Asked, path: &str) -> Result<(), Refusal> {
        let there = self.tree.get(path).map(|node| format!("\"{}\"", node.etag));
        let fits = |wanted: &str| match &there {
            Some(etag) => wanted == "*" || wanted.split(',').any(|one| one.trim() == etag),
            None => false,
        };
        match (asked.header("if-match"), asked.header("if-none-match")) {
            (Some(wanted), _) if !fits(wanted) => Err(Refusal::precondition(
                "An If-Match header was specified, but none of the specified the ETags matched.",
            )),
            (_, Some(unwanted)) if fits(unwanted) => Err(Refusal::precondition(
                "An If-None-Match header was specified, but the ETag matched (or * was specified).",
            )),
            _ => Ok(()),
        }
    }

    /// Writes a file's bytes with what the request's headers say of them.
    pub(crate) fn write(&mut self, asked: &Asked, path: &str, content: Bytes) -> Result<Answer, Refusal> {
        self.account.names.check(name(path))?;
        let modified = asked.modified()?;
        let told = checked(self.product, asked.header("oc-checksum"), &content)?;
        let mut answer = Answer::of(if self.tree.get(path).is_some() { 204 } else { 201 });
        if let (Product::Nextcloud, "PUT", Some(wanted)) = (self.product, asked.method.as_str(), asked.header("x-hash"))
        {
            for (kind, header) in [
                ("md5", "X-Hash-MD5"),
                ("sha1", "X-Hash-SHA1"),
                ("sha256", "X-Hash-SHA256"),
            ] {
                if (wanted == kind || wanted == "all")
                    && let Some(hash) = checksums::hash(kind, &content)
                {
                    answer = answer.with(header, hash);
                }
            }
        }
        if modified.is_some() {
            answer = answer.with("X-OC-MTime", "accepted");
        }
        self.tree.write(path, content, told, modified.unwrap_or(asked.now));
        Ok(self.told_of(answer, path))
    }

    /// Tells a file's tag and id with an answer.
    pub(crate) fn told_of(&self, answer: Answer, path: &str) -> Answer {
        let Some(node) = self.tree.get(path) else { return answer };
        answer
            .etag(&node.etag)
            .with("OC-FileId", self.file_id(node.id))
            .with("Content-Length", "0")
    }

    pub(crate) fn put(&mut self, asked: &Asked, path: &str) -> Result<Answer, Refusal> {
        if asked.header("content-range").is_some() {
            return Err(Refusal::bad_request("Content-Range on PUT requests are forbidden."));
        }
        self.unlocked(path)?;
        self.conditions(asked, path)?;
        match self.tree.get(path) {
            Some(node) if node.is_folder() => Err(Refusal::conflict("PUT is not allowed on non-files.")),
            _ => {
                self.folder_above(path)?;
                let lengths = [
                    asked.body.len() as u64,
                    asked.number("oc-total-length").unwrap_or(0),
                    asked.number("x-expected-entity-length").unwrap_or(0),
                ];
                self.room(path, lengths.into_iter().max().unwrap_or(0))?;
                self.write(asked, path, asked.body.clone())
            }
        }
    }

    pub(crate) fn get(&self, asked: &Asked, path: &str) -> Result<Answer, Refusal> {
        let node = self.tree.get(path).ok_or_else(|| Refusal::not_found(path))?;
        let Kind::File { content, checksums } = &node.kind else {
            return Err(Refusal::not_implemented(&asked.method));
        };
        let size = content.len() as u64;
        let mut answer = Answer::of(200)
            .with("ETag", format!("\"{}\"", node.etag))
            .with("OC-ETag", format!("\"{}\"", node.etag))
            .with("Last-Modified", crate::properties::http_date(node.modified));
        if !checksums.is_empty() {
            answer = answer.with("OC-Checksum", checksums.clone());
        }
        let range = asked
            .header("range")
            .and_then(|range| range.strip_prefix("bytes="))
            .and_then(|range| range.split_once('-'));
        let body = match range {
            Some((first, last)) if size > 0 => {
                let (first, last) = match (first.parse::<u64>().ok(), last.parse::<u64>().ok()) {
                    (Some(first), last) => (first, last.unwrap_or(size - 1).min(size - 1)),
                    (None, Some(last)) => (size.saturating_sub(last), size - 1),
                    (None, None) => (0, size - 1),
                };
                if first >= size || last < first {
                    return Err(Refusal::range(format!(
                        "The start offset ({first}) exceeded the size of the entity ({size})"
                    )));
                }
                answer.status = 206;
                answer = answer.with("Content-Range", format!("bytes {first}-{last}/{size}"));
                content.slice(first as usize..=last as usize)
            }
            _ => content.clone(),
        };
        let answer = answer.with("Content-Length", body.len().to_string());
        let body = if asked.method == "HEAD" { Bytes::new() } else { body };
        Ok(answer.document("application/octet-stream", body))
    }

    pub(crate) fn make_folder(&mut self, asked: &Asked, path: &str) -> Result<Answer, Refusal> {
        let above = parent(path).unwrap_or_default();
        match self.tree.get(above) {
            None => return Err(Refusal::conflict("Parent node does not exist")),
            Some(node) if !node.is_folder() => return Err(Refusal::conflict("Parent node is not a collection")),
            Some(_) => {}
        }
        if self.tree.get(path).is_some() {
            return Err(Refusal::not_allowed("The resource you tried to create already exists"));
        }
        self.account.names.check(name(path))?;
        if self.product == Product::Nextcloud {
            self.room(above, FOLDER)?;
        }
        self.tree.make_folder(path, asked.now);
        let id = self.tree.get(path).map_or(0, |node| node.id);
        Ok(Answer::of(201)
            .with("OC-FileId", self.file_id(id))
            .with("Content-Length", "0"))
    }

    /// Where a MOVE may go (Server.php, `getCopyAndMoveInfo`).
    pub(crate) fn target(&self, asked: &Asked) -> Result<String, Refusal> {
        let to = self.destination(asked)?;
        let replaces = match asked.header("overwrite").unwrap_or("T") {
            "T" | "t" => true,
            "F" | "f" => false,
            _ => {
                return Err(Refusal::bad_request(
                    "The HTTP Overwrite header should be either T or F",
                ));
            }
        };
        if !self
            .tree
            .get(parent(&to).unwrap_or_default())
            .is_some_and(|node| node.is_folder())
        {
            return Err(Refusal::conflict("The destination node is not found"));
        }
        if self.tree.get(&to).is_some() && !replaces {
            return Err(Refusal::precondition(
                "The destination node already exists, and the overwrite header is set to false",
            ));
        }
        self.unlocked(&to)?;
        Ok(to)
    }

    pub(crate) fn rename(&mut self, asked: &Asked, from: &str) -> Result<Answer, Refusal> {
        if self.tree.get(from).is_none() {
            return Err(Refusal::not_found(from));
        }
        let to = self.target(asked)?;
        if to == from {
            return Err(Refusal::forbidden("Source and destination uri are identical."));
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(Refusal::conflict(
                "The destination may not be part of the same subtree as the source path.",
            ));
        }
        self.unlocked(from)?;
        self.conditions(asked, from)?;
        self.account.names.check(name(&to))?;
        let status = match self.tree.get(&to) {
            Some(_) => {
                self.tree.remove(&to);
                204
            }
            None => 201,
        };
        self.tree.rename(from, &to);
        Ok(self.told_of(Answer::of(status), &to))
    }

    pub(crate) fn delete(&mut self, path: &str) -> Result<Answer, Refusal> {
        if self.tree.get(path).is_none() {
            return Err(Refusal::not_found(path));
        }
        if path.is_empty() {
            return Err(Refusal::forbidden(""));
        }
        self.unlocked(path)?;
        self.tree.remove(path);
        Ok(Answer::of(204).with("Content-Length", "0"))
    }

    /// PATCH with X-Recalculate-Hash (nextcloud/server, apps/dav/lib/Connector/Sabre/ChecksumUpdatePlugin.php).
    pub(crate) fn hash_again(&mut self, asked: &Asked, path: &str) -> Result<Answer, Refusal> {
        if self.product != Product::Nextcloud {
            return Err(Refusal::not_implemented("PATCH"));
        }
        let kind = asked.header("x-recalculate-hash").unwrap_or_default().to_lowercase();
        let node = self.tree.get_mut(path).ok_or_else(|| Refusal::not_found(path))?;
        let Kind::File { content, checksums } = &mut node.kind else {
            return Err(Refusal::not_implemented("PATCH"));
        };
        let hash = checksums::hash(&kind, content).ok_or_else(|| Refusal::not_implemented("PATCH"))?;
        *checksums = format!("{}:{hash}", kind.to_uppercase());
        let told = checksums.clone();
        Ok(Answer::of(204).with("OC-Checksum", told).with("Content-Length", "0"))
    }
}
