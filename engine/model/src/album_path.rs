use std::collections::HashMap;
use std::fmt;

use crate::Album;

/// An album's whole name: those of the folders that it is in, from the top, and its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlbumPath(Vec<String>);

impl AlbumPath {
    /// Folders in folders: a library that nests deeper, or in a circle, is cut there.
    pub const DEPTH: usize = 32;

    /// The whole name of an album, by the folders among `albums`, which are named by their ids.
    pub fn of(album: &Album, albums: &HashMap<String, Album>) -> Self {
        let mut names = vec![album.name.clone()];
        let mut parent = album.parent.as_ref();
        while let Some(folder) = parent.and_then(|id| albums.get(id)) {
            if names.len() > Self::DEPTH {
                break;
            }
            names.push(folder.name.clone());
            parent = folder.parent.as_ref();
        }
        names.reverse();
        Self(names)
    }

    /// An album of that name, in these folders from the top.
    pub fn within(folders: &[&str], name: &str) -> Self {
        Self(folders.iter().chain([&name]).map(|part| (*part).to_owned()).collect())
    }

    /// Each name, from the top; never empty. A "/" in one of them belongs to it.
    pub fn parts(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for AlbumPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn album(id: &str, name: &str, parent: Option<&str>) -> (String, Album) {
        let album = Album {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            traits: Vec::new(),
            attributes: Vec::new(),
        };
        (id.to_owned(), album)
    }

    #[test]
    fn an_album_is_called_by_its_folders_too_and_a_circle_ends() {
        let albums: HashMap<String, Album> = [
            album("f", "Trips", None),
            album("a", "Rome", Some("f")),
            album("x", "X", Some("y")),
            album("y", "Y", Some("x")),
        ]
        .into();
        assert_eq!(AlbumPath::of(&albums["a"], &albums).to_string(), "Trips/Rome");
        assert_eq!(AlbumPath::of(&albums["x"], &albums).parts().len(), AlbumPath::DEPTH + 1);
    }
}
