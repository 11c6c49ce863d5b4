//! A user's files.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use crate::paths::parent;

/// A file or a folder.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Number of the file, which it keeps through moves and overwriting.
    pub id: u64,
    /// Without quotes. A folder's changes with all that is below it.
    pub etag: String,
    /// Seconds since 1970.
    pub modified: i64,
    pub kind: Kind,
    /// Properties that clients set: Clark notation, text.
    pub set: BTreeMap<(String, String), String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Folder,
    /// Its bytes, and what is told as its checksums: "SHA1:… MD5:…", or nothing.
    File {
        content: Bytes,
        checksums: String,
    },
}

impl Node {
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder)
    }

    pub(crate) fn size(&self) -> u64 {
        match &self.kind {
            Kind::Folder => 0,
            Kind::File { content, .. } => content.len() as u64,
        }
    }
}

/// All of them by path; the top is "".
pub(crate) struct Tree {
    nodes: BTreeMap<String, Node>,
    numbers: u64,
}

impl Tree {
    pub(crate) fn new(now: i64) -> Self {
        let mut tree = Self {
            nodes: BTreeMap::new(),
            numbers: 0,
        };
        let top = tree.node(Kind::Folder, now);
        tree.nodes.insert(String::new(), top);
        tree
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn node(&mut self, kind: Kind, now: i64) -> Node {
        Node {
            id: self.number(),
            etag: self.etag(),
            modified: now,
            kind,
            set: BTreeMap::new(),
        }
    }

    /// Of 13 digits, as PHP's uniqid makes them.
    fn etag(&mut self) -> String {
        format!("{:013x}", 0x5f00_0000_0000 + self.number())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(crate) fn get_mut(&mut self, path: &str) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    /// Bytes of all files.
    pub(crate) fn used(&self) -> u64 {
        self.nodes.values().map(Node::size).sum()
    }

    /// Paths of all files.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = self.nodes.iter().filter(|(_, node)| !node.is_folder());
        files.map(|(path, _)| path.clone()).collect()
    }

    fn below<'a>(&'a self, path: &str) -> impl Iterator<Item = (&'a String, &'a Node)> + use<'a> {
        let prefix = match path {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let from = Bound::Excluded(prefix.clone());
        self.nodes
            .range((from, Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(&prefix))
    }

    /// What a folder holds, without what its folders hold.
    pub(crate) fn children(&self, path: &str) -> Vec<(&String, &Node)> {
        self.below(path)
            .filter(|(child, _)| parent(child) == Some(path))
            .collect()
    }

    pub(crate) fn make_folder(&mut self, path: &str, now: i64) {
        let folder = self.node(Kind::Folder, now);
        self.nodes.insert(path.to_owned(), folder);
        self.changed(path);
    }

    /// Puts a file there, or other bytes into the one that is there.
    pub(crate) fn write(&mut self, path: &str, content: Bytes, checksums: String, modified: i64) {
        let kind = Kind::File { content, checksums };
        let mut written = self.node(kind, modified);
        if let Some(there) = self.nodes.get(path) {
            written.id = there.id;
            written.set = there.set.clone();
        }
        self.nodes.insert(path.to_owned(), written);
        self.changed(path);
    }

    /// Takes something away, with all that is below it.
    pub(crate) fn remove(&mut self, path: &str) {
        let gone: Vec<String> = self.below(path).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.nodes.remove(&path);
        }
        self.nodes.remove(path);
        self.changed(path);
    }

    /// Gives something another path, with all that is below it.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let mut moving: Vec<String> = self.below(from).map(|(path, _)| path.clone()).collect();
        moving.push(from.to_owned());
        for path in moving {
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(format!("{to}{}", &path[from.len()..]), node);
            }
        }
        self.changed(from);
        self.changed(to);
    }

    fn changed(&mut self, path: &str) {
        let mut above = parent(path);
        while let Some(path) = above {
            let etag = self.etag();
            if let Some(folder) = self.nodes.get_mut(path) {
                folder.etag = etag;
            }
            above = parent(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_move_with_all_they_hold_and_change_with_it() {
        let mut tree = Tree::new(0);
        tree.make_folder("a", 0);
        tree.make_folder("a/b", 0);
        tree.write("a/b/x", Bytes::from_static(b"x"), String::new(), 5);
        tree.make_folder("ab", 0);
        let etag = tree.get("a").expect("a folder").etag.clone();
        let names = |tree: &Tree, path: &str| -> Vec<String> {
            tree.children(path).into_iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(names(&tree, ""), ["a", "ab"]);
        assert_eq!(names(&tree, "a"), ["a/b"]);
        tree.rename("a/b", "ab/c");
        assert_eq!(names(&tree, "a"), Vec::<String>::new());
        assert_eq!(names(&tree, "ab/c"), ["ab/c/x"]);
        assert_ne!(tree.get("a").expect("a folder").etag, etag);
        tree.remove("ab");
        assert_eq!((names(&tree, ""), tree.used()), (vec!["a".to_owned()], 0));
    }
}
