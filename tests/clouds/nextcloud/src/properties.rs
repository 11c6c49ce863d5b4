//! PROPFIND and PROPPATCH.

use crate::paths::{Place, href};
use crate::refusal::Refusal;
use crate::state::{Answer, Asked, State};
use crate::tree::{Kind, Node};
use crate::xml::{self, Name, Told, escaped};

const DAV: &str = "DAV:";
const OC: &str = "http://owncloud.org/ns";

/// What is told when nothing is asked for by name.
const ALL: [&str; 7] = [
    "getlastmodified",
    "getcontentlength",
    "resourcetype",
    "quota-used-bytes",
    "quota-available-bytes",
    "getetag",
    "getcontenttype",
];

/// As HTTP and WebDAV write a time.
pub(crate) fn http_date(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A member of an upload's folder, or the folder.
enum Member {
    Folder,
    File(u64),
}

impl State {
    /// The XML inside a property of a file or folder; none where it has none.
    fn property(&self, node: &Node, path: &str, (namespace, name): &Name) -> Option<String> {
        let file = !node.is_folder();
        match (namespace.as_str(), name.as_str()) {
            (DAV, "resourcetype") => Some(if file {
                String::new()
            } else {
                "<d:collection/>".to_owned()
            }),
            (DAV, "getlastmodified") => Some(http_date(node.modified)),
            (DAV, "getetag") => Some(format!("&quot;{}&quot;", node.etag)),
            (DAV, "getcontentlength") => file.then(|| node.size().to_string()),
            (DAV, "getcontenttype") => file.then(|| "application/octet-stream".to_owned()),
            (DAV, "displayname") => Some(escaped(crate::paths::name(path))),
            // apps/dav/lib/Connector/Sabre/Directory.php, `getQuotaInfo`; -3: no limit (lib/public/Files/FileInfo.php).
            (DAV, "quota-used-bytes") => (!file).then(|| self.tree.used().to_string()),
            (DAV, "quota-available-bytes") => {
                (!file).then(|| self.free().map_or_else(|| "-3".to_owned(), |free| free.to_string()))
            }
            (OC, "id") => Some(self.file_id(node.id)),
            (OC, "fileid") => Some(node.id.to_string()),
            (OC, "size") => Some(if file { node.size() } else { self.tree.used() }.to_string()),
            (OC, "permissions") => Some(if file { "RGDNVW" } else { "RGDNVCK" }.to_owned()),
            (OC, "checksums") => match &node.kind {
                Kind::File { checksums, .. } if !checksums.is_empty() => {
                    Some(format!("<oc:checksum>{}</oc:checksum>", escaped(checksums)))
                }
                _ => None,
            },
            _ => node
                .set
                .get(&(namespace.clone(), name.clone()))
                .map(|text| escaped(text)),
        }
    }

    pub(crate) fn propfind(&self, asked: &Asked, place: &Place) -> Result<Answer, Refusal> {
        let wanted: Vec<Name> = match asked.body.is_empty() {
            true => Vec::new(),
            false => xml::properties(&asked.body)?
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
        };
        let all = || ALL.map(|name| (DAV.to_owned(), name.to_owned())).to_vec();
        let names = if wanted.is_empty() { all() } else { wanted.clone() };
        let tell = |href: String, find: &dyn Fn(&Name) -> Option<String>| {
            let mut told = Told {
                href,
                found: Vec::new(),
                missing: Vec::new(),
                refused: Vec::new(),
            };
            for name in &names {
                match find(name) {
                    Some(inside) => told.found.push((name.clone(), inside)),
                    None if wanted.is_empty() => {}
                    None => told.missing.push(name.clone()),
                }
            }
            told
        };
        let user = &self.account.user;
        let deep = asked.header("depth").unwrap_or("1") != "0";
        let mut all = Vec::new();
        match place {
            Place::File(path) => {
                let node = self.tree.get(path).ok_or_else(|| Refusal::not_found(path))?;
                let mut there = vec![(path, node)];
                if deep && node.is_folder() {
                    there.extend(self.tree.children(path));
                }
                for (path, node) in there {
                    let slash = if node.is_folder() { "/" } else { "" };
                    let href = format!("{}{slash}", href("files", user, path));
                    all.push(tell(href, &|name| self.property(node, path, name)));
                }
            }
            Place::Uploads => {
                all.push(tell(href("uploads", user, "/"), &|name| member(&Member::Folder, name)));
            }
            Place::Upload(id) => {
                let upload = self.uploads.get(id).ok_or_else(|| Refusal::not_found(id))?;
                let folder = format!("{}/", href("uploads", user, id));
                all.push(tell(folder, &|name| member(&Member::Folder, name)));
                let mut members = vec![(".file".to_owned(), upload.size())];
                members.extend(upload.members());
                for (name, size) in members.into_iter().filter(|_| deep) {
                    let href = href("uploads", user, &format!("{id}/{name}"));
                    all.push(tell(href, &|name| member(&Member::File(size), name)));
                }
            }
            Place::Chunk(id, name) => {
                let upload = self.uploads.get(id).ok_or_else(|| Refusal::not_found(id))?;
                let members = upload.members();
                let size = match name.as_str() {
                    ".file" => Some(upload.size()),
                    name => members.iter().find(|(known, _)| known == name).map(|(_, size)| *size),
                };
                let size = size.ok_or_else(|| Refusal::not_found(name))?;
                let href = href("uploads", user, &format!("{id}/{name}"));
                all.push(tell(href, &|name| member(&Member::File(size), name)));
            }
        }
        Ok(Answer::of(207).document("application/xml; charset=utf-8", xml::multistatus(&all)))
    }

    /// A time is set by a property of SabreDAV's own name, not by getlastmodified (apps/dav/lib/Connector/Sabre/FilesPlugin.php, `handleUpdateProperties`).
    pub(crate) fn proppatch(&mut self, asked: &Asked, path: &str) -> Result<Answer, Refusal> {
        let set = xml::properties(&asked.body)?;
        let mut told = Told {
            href: href("files", &self.account.user, path),
            found: Vec::new(),
            missing: Vec::new(),
            refused: Vec::new(),
        };
        let node = self.tree.get_mut(path).ok_or_else(|| Refusal::not_found(path))?;
        for (name, text) in set {
            match (name.0.as_str(), name.1.as_str(), text.parse::<i64>()) {
                (DAV, "lastmodified", Ok(seconds)) => node.modified = seconds,
                (DAV, ..) => {
                    told.refused.push(name);
                    continue;
                }
                _ => {
                    node.set.insert(name.clone(), text);
                }
            }
            told.found.push((name, String::new()));
        }
        Ok(Answer::of(207).document("application/xml; charset=utf-8", xml::multistatus(&[told])))
    }
}

fn member(member: &Member, (namespace, name): &Name) -> Option<String> {
    match (namespace.as_str(), name.as_str(), member) {
        (DAV, "resourcetype", Member::Folder) => Some("<d:collection/>".to_owned()),
        (DAV, "resourcetype", Member::File(_)) => Some(String::new()),
        (DAV, "getcontentlength", Member::File(size)) => Some(size.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_written() {
        assert_eq!(super::http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
