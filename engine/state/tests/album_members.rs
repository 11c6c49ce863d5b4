//! Who is in which album, asked from both sides, and whether all of it is known.

mod support;

use std::collections::BTreeSet;

use camroll_model::{Album, AssetId, Change, ConnectorError, Departure, ErrorClass, Member};
use camroll_state::{AlbumsHeard, SourceId, State};
use proptest::prelude::*;
use support::{asset, page, source};

const ALBUMS: u8 = 3;
const ASSETS: u8 = 4;

fn opened() -> (tempfile::TempDir, State, SourceId) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("it opens").state;
    let id = state.source(&source()).expect("a number");
    (folder, state, id)
}

fn album(number: u8) -> Album {
    Album {
        id: format!("album-{number}"),
        name: format!("Album {number}"),
        parent: None,
        traits: vec![],
        attributes: vec![],
    }
}

fn member(album: u8, number: u8) -> Member {
    Member {
        album: format!("album-{album}"),
        asset: asset(number, 0).id,
        attributes: vec![],
    }
}

fn unread(what: &str) -> Change {
    Change::Unread {
        what: what.to_owned(),
        error: ConnectorError::new(ErrorClass::Unexpected, "apple/unknown-error", "It can't be read."),
    }
}

fn gone(what: &str) -> Change {
    Change::Tombstone {
        key: what.to_owned(),
        departure: Departure::Trashed,
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..ALBUMS).prop_map(|number| Change::Album(album(number))),
        1 => (0..ALBUMS).prop_map(|number| gone(&format!("album-{number}"))),
        8 => (0..ALBUMS, 0..ASSETS).prop_map(|(album, number)| Change::Member(member(album, number))),
        3 => (0..ALBUMS, 0..ASSETS).prop_map(|(album, number)| Change::MemberGone(member(album, number))),
        1 => Just(unread("album-0")),
        1 => Just(unread("albums")),
        1 => Just(unread("an asset")),
        2 => Just(Change::SnapshotBegin),
        2 => Just(Change::SnapshotEnd),
    ]
}

/// What a plain list says of whether all is known.
#[derive(Default)]
struct Model {
    albums: BTreeSet<String>,
    listing: bool,
    gap: bool,
    whole: bool,
    told: BTreeSet<String>,
}

impl Model {
    fn take(&mut self, change: &Change) {
        match change {
            Change::Album(album) => {
                self.albums.insert(album.id.clone());
                self.told.insert(album.id.clone());
            }
            Change::Tombstone { key, .. } => {
                self.albums.remove(key);
            }
            Change::Unread { what, .. } if what == "albums" || self.albums.contains(what) => {
                (self.gap, self.whole) = (true, false);
            }
            Change::Unread { .. } => {}
            Change::SnapshotBegin => {
                (self.listing, self.gap) = (true, false);
                self.told.clear();
            }
            Change::SnapshotEnd => {
                if self.listing {
                    self.whole = !self.gap;
                    if !self.gap {
                        self.albums = self.albums.intersection(&self.told).cloned().collect();
                    }
                }
                self.listing = false;
            }
            _ => {}
        }
    }

    fn heard(&self) -> AlbumsHeard {
        match (self.whole, self.listing) {
            (true, _) => AlbumsHeard::Whole,
            (false, true) => AlbumsHeard::UnderWay,
            (false, false) => AlbumsHeard::Lacking,
        }
    }
}

/// Who is in which album.
type Pairs = BTreeSet<(String, AssetId)>;

/// By the albums, and by the assets.
fn pairs(state: &State, id: SourceId) -> (Pairs, Pairs) {
    let (mut by_album, mut by_asset) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..ALBUMS {
        let album = album(number).id;
        for asset in state.members(id, &album, None, 100).expect("they are there") {
            by_album.insert((album.clone(), asset));
        }
    }
    for number in 0..ASSETS {
        let asset = asset(number, 0).id;
        for album in state.albums_of(id, &asset).expect("they are there") {
            by_asset.insert((album, asset.clone()));
        }
    }
    (by_album, by_asset)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_sides_say_the_same_and_what_is_known_is_told(changes in prop::collection::vec(change(), 0..60)) {
        let (_folder, state, id) = opened();
        let mut model = Model::default();
        for change in changes {
            model.take(&change);
            state.apply_page(id, &page(vec![change])).expect("applied");
            let (by_album, by_asset) = pairs(&state, id);
            prop_assert_eq!(by_album, by_asset);
            prop_assert_eq!(state.albums_heard(id).expect("it is known"), model.heard());
        }
    }
}

#[test]
fn an_album_that_is_told_in_the_page_of_its_trouble_counts() {
    let (_folder, state, id) = opened();
    let told = vec![
        Change::SnapshotBegin,
        Change::Album(album(0)),
        unread("album-0"),
        Change::SnapshotEnd,
    ];
    state.apply_page(id, &page(told)).expect("applied");
    assert_eq!(state.albums_heard(id).expect("it is known"), AlbumsHeard::Lacking);
    // An item that couldn't be read is no album's trouble.
    let told = vec![
        Change::SnapshotBegin,
        Change::Album(album(0)),
        unread("an item"),
        Change::SnapshotEnd,
    ];
    state.apply_page(id, &page(told)).expect("applied");
    assert_eq!(state.albums_heard(id).expect("it is known"), AlbumsHeard::Whole);
}

#[test]
fn a_listing_with_an_unreadable_item_still_says_who_left_an_album() {
    let (_folder, state, id) = opened();
    let told = vec![
        Change::SnapshotBegin,
        Change::Album(album(0)),
        Change::Album(album(1)),
        Change::Member(member(0, 0)),
        Change::SnapshotEnd,
    ];
    state.apply_page(id, &page(told)).expect("applied");
    let of = || state.albums_of(id, &asset(0, 0).id).expect("they are there");
    // Where an album couldn't be read, what was known of it stays.
    let told = vec![
        Change::SnapshotBegin,
        Change::Album(album(0)),
        unread("album-0"),
        Change::SnapshotEnd,
    ];
    state.apply_page(id, &page(told)).expect("applied");
    assert_eq!(of(), vec!["album-0".to_owned()]);
    let told = vec![
        Change::SnapshotBegin,
        Change::Album(album(0)),
        unread("an item"),
        Change::SnapshotEnd,
    ];
    state.apply_page(id, &page(told)).expect("applied");
    assert_eq!(of(), Vec::<String>::new());
    assert_eq!(state.albums_heard(id).expect("it is known"), AlbumsHeard::Whole);
}

#[test]
fn an_album_takes_its_members_with_it() {
    let (_folder, state, id) = opened();
    let told = vec![
        Change::Album(album(0)),
        Change::Album(album(1)),
        Change::Member(member(0, 0)),
        Change::Member(member(1, 0)),
        Change::Member(member(0, 1)),
    ];
    state.apply_page(id, &page(told)).expect("applied");
    let of = |number: u8| state.albums_of(id, &asset(number, 0).id).expect("they are there");
    assert_eq!(
        (of(0), of(1)),
        (
            vec!["album-0".to_owned(), "album-1".to_owned()],
            vec!["album-0".to_owned()]
        )
    );
    state.apply_page(id, &page(vec![gone("album-0")])).expect("applied");
    assert_eq!((of(0), of(1)), (vec!["album-1".to_owned()], vec![]));
}
