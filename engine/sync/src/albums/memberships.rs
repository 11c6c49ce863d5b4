//! Which albums assets are in, for filters and layouts that ask.

use std::collections::HashMap;

use camroll_model::{Album, AlbumPath, AssetId, ConnectorError, ErrorClass, Problem, Retry};
use camroll_plan::unknown_albums;
use camroll_spec::Spec;
use camroll_state::{AlbumsHeard, SourceId, State};

use crate::context::{HeardLibrary, problem};
use crate::failure::Failure;

/// The albums of some libraries by their ids. Nothing is read, and no asset is in any, where no spec asks.
#[derive(Debug, Default)]
pub struct Memberships {
    names: HashMap<SourceId, HashMap<String, AlbumPath>>,
}

impl Memberships {
    /// Reads the albums of libraries if one of the specs asks for them.
    pub fn read<'s>(
        state: &State,
        specs: impl IntoIterator<Item = &'s Spec>,
        libraries: impl IntoIterator<Item = SourceId>,
    ) -> Result<Self, Failure> {
        let mut names = HashMap::new();
        if specs.into_iter().any(Spec::asks_for_albums) {
            for library in libraries {
                names.insert(library, names_of(state, library)?);
            }
        }
        Ok(Self { names })
    }

    /// The albums that an asset is in.
    pub fn of(&self, state: &State, library: SourceId, asset: &AssetId) -> Result<Vec<AlbumPath>, Failure> {
        let Some(names) = self.names.get(&library).filter(|names| !names.is_empty()) else {
            return Ok(Vec::new());
        };
        let ids = state.albums_of(library, asset)?;
        Ok(ids.iter().filter_map(|id| names.get(id)).cloned().collect())
    }

    /// All albums of the libraries, in no order.
    fn all(&self) -> Vec<AlbumPath> {
        self.names.values().flat_map(HashMap::values).cloned().collect()
    }
}

fn names_of(state: &State, library: SourceId) -> Result<HashMap<String, AlbumPath>, Failure> {
    let albums: HashMap<String, Album> = state
        .albums(library)?
        .into_iter()
        .map(|album| (album.id.clone(), album))
        .collect();
    Ok(albums
        .iter()
        .filter(|(_, album)| !super::is_folder(album))
        .map(|(id, album)| (id.clone(), AlbumPath::of(album, &albums)))
        .collect())
}

/// Says of each pattern in the filters that no album fits: a run that takes nothing for it shouldn't look as if all was well.
pub(crate) fn unknown(state: &State, spec: &Spec, libraries: &[HeardLibrary]) -> Result<Vec<Problem>, Failure> {
    if !spec.asks_for_albums() {
        return Ok(Vec::new());
    }
    let albums = Memberships::read(state, [spec], libraries.iter().map(|library| library.id))?.all();
    Ok(unknown_albums(&spec.filters, &albums)
        .into_iter()
        .map(|pattern| {
            let message = format!("No album fits {pattern:?}, which the filters name. An album in a folder is called by both, as in Trips/Rome.");
            let error = ConnectorError::new(ErrorClass::NotFound, "albums/no-such-album", message);
            problem(None, &error, Retry::Person)
        })
        .collect())
}

/// Why nothing can be said of who is in which album of a library; none where all of them are known, or the spec doesn't ask.
pub(crate) fn lacking(state: &State, spec: &Spec, library: SourceId, name: &str) -> Result<Option<Failure>, Failure> {
    if !spec.asks_for_albums() || state.albums_heard(library)? == AlbumsHeard::Whole {
        return Ok(None);
    }
    let message = format!(
        "Not all albums of {name} could be read, and {:?} asks for them: what isn't known to be in an album may be in it. Nothing is brought until they are read; the next run lists them again.",
        spec.name.as_str()
    );
    let error = ConnectorError::new(ErrorClass::Transient, "albums/unread", message);
    Ok(Some(Failure::Source(error)))
}
