//! The file beside a picture: when there is one, how it is called, what stands in it, and what becomes of it when that changes.

mod support;

use camroll_model::*;
use camroll_plan::{is_sidecar, sidecar, with_sidecar};
use camroll_spec::{Sidecar, Want};
use proptest::prelude::*;
use support::*;

fn place(layout: &str) -> Place {
    let mut place = Place::new(layout, rules());
    place.spec.sidecar = Sidecar::Xmp;
    place
}

fn with(place: &Place, asset: &Asset) -> Asset {
    with_sidecar(asset, &place.spec, &place.features).into_owned()
}

fn said(asset: &mut Asset, name: &str, value: Value) {
    asset.attributes.push((name.to_owned(), value));
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What stands in an element, and in the items of its list.
fn read(xmp: &str, element: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xmp);
    let (mut within, mut items, mut now) = (false, Vec::new(), String::new());
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Start(start) if start.name().as_ref() == element => within = true,
            Event::Start(start) if start.name().as_ref() == "rdf:li" => now.clear(),
            Event::End(end) if within && end.name().as_ref() == "rdf:li" => items.push(std::mem::take(&mut now)),
            Event::End(end) if end.name().as_ref() == element => {
                return if items.is_empty() { vec![now] } else { items };
            }
            Event::Text(text) if within => now.push_str(&text),
            Event::GeneralRef(reference) if within => {
                now.push_str(quick_xml::escape::resolve_predefined_entity(&reference).expect("one of five"));
            }
            Event::Eof => return items,
            _ => {}
        }
    }
}

#[test]
fn it_is_called_as_its_file_and_comes_only_where_it_is_wanted() {
    let asset = edited(live_photo("a", "IMG_1.HEIC"), "brighter");
    let mut plain = Place::new("{taken:%Y}/{name}", rules());
    assert_eq!(with(&plain, &asset), asset);
    plain.spec.sidecar = Sidecar::Xmp;
    let planned = plain.plan(&with(&plain, &asset));
    assert_eq!(
        paths(&planned),
        [
            "2024/IMG_1.HEIC",
            "2024/IMG_1.MOV",
            "2024/IMG_1-edited.JPG",
            "2024/IMG_1.HEIC.xmp"
        ]
    );
    // Where the original isn't wanted, it goes with the edit.
    plain.spec.versions.original = Want::No;
    let planned = plain.plan(&with(&plain, &asset));
    assert_eq!(paths(&planned), ["2024/IMG_1-edited.JPG", "2024/IMG_1-edited.JPG.xmp"]);
    plain.spec.versions.edited = Want::No;
    assert_eq!(with(&plain, &asset), asset);
}

#[test]
fn a_layout_without_the_name_gives_it_one_that_tells_it_apart() {
    for (layout, expected) in [("{id8}.{ext}", [".HEIC", ".HEIC.xmp"]), ("x-{id8}", ["", "-sidecar"])] {
        let place = place(layout);
        let asset = photo("a", "IMG_1.HEIC");
        let planned = place.plan(&with(&place, &asset));
        let paths = paths(&planned);
        assert_eq!(paths.len(), 2);
        for (path, end) in paths.iter().zip(expected) {
            assert!(path.ends_with(end), "{path}");
        }
        assert_ne!(paths[0], paths[1]);
    }
}

#[test]
fn it_follows_what_the_source_tells_and_nothing_else_does() {
    let mut place = place("{name}");
    let mut asset = photo("a", "IMG_1.HEIC");
    assert_eq!(place.sync(&with(&place, &asset)).actions.len(), 2);
    assert_eq!(place.sync(&with(&place, &asset)).actions, []);
    said(&mut asset, "title", text("By the sea"));
    let planned = place.sync(&with(&place, &asset));
    let [Action::Replace { file, reason, .. }] = planned.actions.as_slice() else {
        panic!("one file is replaced: {planned:?}")
    };
    assert!(is_sidecar(&file.resource) && *reason == Reason::MetadataChanged);
    assert_eq!(place.sync(&with(&place, &asset)).actions, []);
    assert_eq!(place.paths(), ["IMG_1.HEIC", "IMG_1.HEIC.xmp"]);
    // Other bytes of the picture are another matter.
    change(&mut asset, Role::Original, "other");
    let planned = place.sync(&with(&place, &asset));
    assert_eq!(planned.actions.len(), 1);
    // Wanted no more, it stays.
    place.spec.sidecar = Sidecar::None;
    let planned = place.sync(&with(&place, &asset));
    assert_eq!((planned.actions.len(), planned.kept_left_scope()), (0, 1));
}

#[test]
fn one_that_cant_be_replaced_stays_and_the_new_one_lies_beside_it() {
    let mut place = place("{name}");
    place.features.traits.push("immutable".to_owned());
    let mut asset = photo("a", "IMG_1.HEIC");
    place.sync(&with(&place, &asset));
    asset.favorite = true;
    let planned = place.sync(&with(&place, &asset));
    let new = paths(&planned);
    assert!(
        new.len() == 1 && new[0].starts_with("IMG_1-") && new[0].ends_with(".HEIC.xmp"),
        "{new:?}"
    );
    assert_eq!(planned.noted.len(), 1);
    assert!(
        planned.noted[0].message.starts_with("What the sidecar says changed."),
        "{:?}",
        planned.noted
    );
}

#[test]
fn a_service_that_takes_it_with_the_file_gets_it_as_a_word_of_the_asset() {
    let mut place = place("{name}");
    place.features.names = None;
    place.features.traits = vec!["sidecar-with-file".to_owned(), "takes-only-media".to_owned()];
    let asset = photo("a", "IMG_1.HEIC");
    let given = with(&place, &asset);
    assert_eq!(given.resources, asset.resources);
    assert_eq!(attribute(&given.attributes, "xmp"), Some(&Value::Text(sidecar(&asset))));
    assert_eq!(place.plan(&given).actions.len(), 1);
}

#[test]
fn all_that_is_told_stands_in_it() {
    let mut asset = photo("a", "IMG_1.HEIC");
    asset.favorite = true;
    said(&mut asset, "title", text("Wind & <waves>"));
    said(&mut asset, "caption", text("\"Meer\"\u{1}"));
    said(
        &mut asset,
        "keywords",
        Value::Texts(vec!["été".to_owned(), String::new(), "休暇".to_owned()]),
    );
    said(&mut asset, "latitude", Value::Real(-41.2203));
    said(&mut asset, "longitude", Value::Real(174.999_999_999));
    said(&mut asset, "altitude", Value::Real(-3.5));
    let xmp = sidecar(&asset);
    for (element, expected) in [
        ("exif:DateTimeOriginal", &["2024-03-05T14:00:00+02:00"][..]),
        ("exif:GPSLatitude", &["41,13.218000S"]),
        // A minute never has sixty parts.
        ("exif:GPSLongitude", &["175,0.000000E"]),
        ("exif:GPSAltitude", &["350/100"]),
        ("exif:GPSAltitudeRef", &["1"]),
        ("dc:title", &["Wind & <waves>"]),
        ("dc:description", &["\"Meer\""]),
        ("dc:subject", &["été", "休暇"]),
        ("digiKam:TagsList", &["été", "休暇"]),
        ("lr:HierarchicalSubject", &["été", "休暇"]),
        ("xmp:Rating", &["5"]),
        ("fstop:favorite", &["1"]),
    ] {
        assert_eq!(read(&xmp, element), expected, "{element} in {xmp}");
    }
    let nothing = sidecar(&Asset {
        taken: None,
        ..photo("b", "x.jpg")
    });
    assert!(!nothing.contains("<exif:"), "{nothing}");
    assert!(read(&nothing, "dc:title").is_empty() && read(&nothing, "xmp:Rating").is_empty());
}

#[test]
fn a_time_says_no_more_than_is_known() {
    let mut asset = photo("a", "x.jpg");
    let taken = |asset: &Asset| read(&sidecar(asset), "exif:DateTimeOriginal");
    asset.taken_offset = Some(-12_600);
    assert_eq!(taken(&asset), ["2024-03-05T08:30:00-03:30"]);
    asset.taken_offset = None;
    assert_eq!(taken(&asset), ["2024-03-05T12:00:00Z"]);
    asset.traits.push("wall-clock".to_owned());
    assert_eq!(taken(&asset), ["2024-03-05T12:00:00"]);
    asset.taken = Some(Instant {
        seconds: 0,
        nanoseconds: 250_000_000,
    });
    assert_eq!(taken(&asset), ["1970-01-01T00:00:00.250"]);
    asset.taken = Some(Instant {
        seconds: i64::MAX,
        nanoseconds: 0,
    });
    assert!(taken(&asset).is_empty());
}

proptest! {
    /// Whatever a source tells, it is XML, and what is told comes out as it went in.
    #[test]
    fn whatever_is_told_comes_out_again(title in "\\PC{1,40}", keywords in prop::collection::vec("[^\\p{Cc}\\s]{1,12}", 0..5), latitude in any::<f64>(), longitude in -180.0..180.0) {
        let mut asset = photo("a", "x.jpg");
        said(&mut asset, "title", text(&title));
        said(&mut asset, "keywords", Value::Texts(keywords.clone()));
        said(&mut asset, "latitude", Value::Real(latitude));
        said(&mut asset, "longitude", Value::Real(longitude));
        let xmp = sidecar(&asset);
        let written = title.replace(['\u{fffe}', '\u{ffff}'], "");
        let told: Vec<String> = [written.trim()].iter().filter(|text| !text.is_empty()).map(|text| (*text).to_owned()).collect();
        prop_assert_eq!(read(&xmp, "dc:title"), told);
        prop_assert_eq!(read(&xmp, "dc:subject"), keywords);
        prop_assert_eq!(read(&xmp, "exif:GPSLatitude").len(), usize::from(latitude.abs() <= 90.0));
    }
}
