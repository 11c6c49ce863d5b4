//! How files are called.

mod support;

use camroll_model::*;
use camroll_plan::id8;
use support::*;

fn named(layout: &str, asset: &Asset) -> Vec<String> {
    let place = Place::new(layout, rules());
    let plan = place.plan(asset);
    assert_eq!(plan.skipped, []);
    paths(&plan).into_iter().map(str::to_owned).collect()
}

fn tag(asset: &Asset) -> String {
    id8(&source(), &asset.id)
}

#[test]
fn a_live_photo_with_its_edit_and_instructions_has_one_stem() {
    let mut asset = edited(live_photo("a", "IMG_1.HEIC"), "brighter");
    let film = resource("ev", Role::EditedPairedVideo, "video/quicktime", "brighter film");
    asset.resources.push(film);
    asset
        .resources
        .push(resource("x", Role::Adjustment, "application/x-apple-aae", "how"));
    let mut place = Place::new("{taken:%Y}/{taken:%m}/{name}", rules());
    place.spec = with_adjustments(place.spec);
    assert_eq!(
        paths(&place.plan(&asset)),
        [
            "2024/03/IMG_1.HEIC",
            "2024/03/IMG_1.MOV",
            "2024/03/IMG_1-edited.JPG",
            "2024/03/IMG_1-edited.MOV",
            "2024/03/IMG_1.AAE",
        ]
    );
}

#[test]
fn an_extension_is_the_names_own_where_it_goes_with_the_type() {
    for (name, media_type, expected) in [
        ("IMG_1.HEIC", "image/heic", "IMG_1.HEIC"),
        ("img_1.jpeg", "image/jpeg", "img_1.jpeg"),
        ("IMG_1.PNG", "image/jpeg", "IMG_1.JPG"),
        ("img_1.png", "image/jpeg", "img_1.jpg"),
        ("At 10.30", "image/jpeg", "At 10.30.jpg"),
        ("x.abc", "application/octet-stream", "x.abc"),
        ("x", "application/octet-stream", "x"),
        ("a.b.c.DNG", "image/x-adobe-dng", "a.b.c.DNG"),
    ] {
        let asset = asset("a", name, vec![resource("o", Role::Original, media_type, "x")]);
        assert_eq!(named("{name}", &asset), [expected]);
    }
}

#[test]
fn raw_and_jpeg_keep_their_own_extensions_and_equal_ones_are_told_apart() {
    let mut asset = asset(
        "a",
        "DSC_1.NEF",
        vec![
            resource("o", Role::Original, "image/x-nikon-nef", "raw"),
            resource("alt", Role::Alternate, "image/jpeg", "jpeg"),
        ],
    );
    assert_eq!(named("{name}", &asset), ["DSC_1.NEF", "DSC_1.JPG"]);
    asset.resources[1].media_type = "image/x-nikon-nef".to_owned();
    assert_eq!(named("{name}", &asset), ["DSC_1.NEF", "DSC_1-alternate.NEF"]);
    asset
        .resources
        .push(resource("third", Role::Alternate, "image/x-nikon-nef", "again"));
    let names = named("{name}", &asset);
    assert_eq!(names.len(), 3);
    assert!(
        names[2].starts_with("DSC_1-") && names[2].ends_with(".NEF"),
        "{names:?}"
    );
}

#[test]
fn a_layout_without_extension_still_tells_a_pair_apart() {
    assert_eq!(
        named("{taken:%Y%m%d}", &live_photo("a", "IMG_1.HEIC")),
        ["20240305", "20240305-video"]
    );
}

#[test]
fn suffixes_go_before_what_ends_the_name() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    for (layout, expected) in [
        ("{stem}_{taken:%H}.{ext}", ["IMG_1_14.HEIC", "IMG_1_14-edited.JPG"]),
        ("{name}.bak", ["IMG_1.HEIC.bak", "IMG_1-edited.JPG.bak"]),
        ("{ext}/{name}", ["HEIC/IMG_1.HEIC", "JPG/IMG_1-edited.JPG"]),
        ("{stem}/x.{ext}", ["IMG_1/x.HEIC", "IMG_1/x-edited.JPG"]),
    ] {
        assert_eq!(named(layout, &asset), expected, "{layout}");
    }
}

#[test]
fn fields_without_a_value_say_so() {
    let mut bare = photo("a", "x");
    (bare.name, bare.taken, bare.taken_offset, bare.added) = (None, None, None, None);
    let tag = tag(&bare);
    assert_eq!(
        named("{taken:%Y}/{taken:%m}/{added:%Y}/{camera}/{name}", &bare),
        [format!("undated/undated/undated/unknown/{tag}.heic")]
    );
    bare.resources[0].media_type = "application/octet-stream".to_owned();
    assert_eq!(named("{stem}.{ext}", &bare), [format!("{tag}.unknown")]);
    for blank in ["", "   ", ".", "..", "\u{0}", " . "] {
        bare.name = Some(blank.to_owned());
        assert_eq!(named("{name}", &bare), std::slice::from_ref(&tag), "{blank:?}");
    }
}

#[test]
fn fields_with_a_value() {
    let mut asset = live_photo("A/1", "IMG_1.HEIC");
    asset.favorite = true;
    asset
        .attributes
        .push(("camera".to_owned(), Value::Text("Apple / iPhone".to_owned())));
    let tag = tag(&asset);
    assert_eq!(
        named("{kind}/{library}/{favorite}/{camera}/{id}/{id8}.{ext}", &asset)[0],
        format!("live-photo/Personal Library/favorite/Apple ／ iPhone/A／1/{tag}.HEIC")
    );
}

#[test]
fn dates_are_on_the_clock_of_the_place_else_of_the_schedule() {
    let mut asset = photo("a", "x.heic");
    asset.taken = Some(at("2023-12-31T23:30:00Z"));
    asset.taken_offset = Some(3_600);
    let mut place = Place::new("{taken:%Y-%m-%d %H}/{name}", rules());
    assert_eq!(paths(&place.plan(&asset)), ["2024-01-01 00/x.heic"]);
    asset.taken_offset = None;
    place.spec.schedule.timezone = jiff::tz::TimeZone::get("America/New_York").expect("a zone");
    assert_eq!(paths(&place.plan(&asset)), ["2023-12-31 18/x.heic"]);
    asset.taken_offset = Some(i32::MAX);
    assert_eq!(paths(&place.plan(&asset)), ["2023-12-31 18/x.heic"]);
}

#[test]
fn absurd_dates_are_no_dates() {
    let mut asset = photo("a", "x.heic");
    for (seconds, nanoseconds) in [(i64::MAX, 0), (i64::MIN, 0), (0, u32::MAX), (i64::MAX, u32::MAX)] {
        asset.taken = Some(Instant { seconds, nanoseconds });
        assert_eq!(named("{taken:%Y}/{name}", &asset), ["undated/x.heic"]);
    }
}

#[test]
fn who_has_a_path_keeps_it_and_the_other_group_gets_a_suffix() {
    let mut place = Place::new("{name}", rules());
    // A film that is called as the Live Photo's other half will be.
    let film = asset(
        "film",
        "IMG_1.MOV",
        vec![resource("o", Role::Original, "video/quicktime", "film")],
    );
    place.sync(&film);
    let live = edited(live_photo("live", "IMG_1.HEIC"), "brighter");
    let tag = tag(&live);
    assert_eq!(
        paths(&place.sync(&live)),
        [
            format!("IMG_1-{tag}.HEIC"),
            format!("IMG_1-{tag}.MOV"),
            format!("IMG_1-{tag}-edited.JPG")
        ]
    );
    assert_eq!(place.plan(&film).actions, []);
}

#[test]
fn a_half_without_bytes_counts_for_the_stem() {
    let mut place = Place::new("{name}", rules());
    place.sync(&asset(
        "film",
        "IMG_1.MOV",
        vec![resource("o", Role::Original, "video/quicktime", "film")],
    ));
    let mut live = live_photo("live", "IMG_1.HEIC");
    live.resources[1].available = false;
    let tag = tag(&live);
    let plan = place.sync(&live);
    assert_eq!(paths(&plan), [format!("IMG_1-{tag}.HEIC")]);
    assert_eq!(
        plan.waiting[0].path.as_deref(),
        Some(format!("IMG_1-{tag}.MOV").as_str())
    );
    assert_eq!((plan.missing.paired_video, plan.missing.original), (1, 0));
    live.resources[1].available = true;
    assert_eq!(paths(&place.sync(&live)), [format!("IMG_1-{tag}.MOV")]);
}

#[test]
fn paths_are_compared_as_the_place_compares_them() {
    for (rules, first, second, clash) in [
        (rules(), "IMG_1.HEIC", "img_1.heic", false),
        (windows(), "IMG_1.HEIC", "img_1.heic", true),
        (rules(), "é.heic", "e\u{301}.heic", false),
        (
            NameRules {
                unicode: UnicodeForm::Nfc,
                ..rules()
            },
            "é.heic",
            "e\u{301}.heic",
            true,
        ),
        (
            NameRules {
                unicode: UnicodeForm::Nfd,
                ..rules()
            },
            "é.heic",
            "e\u{301}.heic",
            true,
        ),
    ] {
        let mut place = Place::new("{name}", rules);
        place.sync(&photo("a", first));
        let other = photo("b", second);
        let plan = place.plan(&other);
        assert_eq!(paths(&plan)[0].contains(&tag(&other)), clash, "{first} {second}");
    }
}

#[test]
fn a_taken_suffix_gets_longer() {
    let mut place = Place::new("{name}", rules());
    let victim = photo("victim", "x.heic");
    place.sync(&photo("a", "x.heic"));
    place.sync(&photo("b", &format!("x-{}.heic", tag(&victim))));
    let plan = place.sync(&victim);
    let path = paths(&plan)[0];
    assert!(
        path.starts_with(&format!("x-{}", tag(&victim))) && path.len() > "x-12345678.heic".len(),
        "{path}"
    );
    assert_eq!(place.plan(&victim).actions, []);
}

#[test]
fn long_names_are_cut_with_the_tag_and_keep_pair_and_extension() {
    let live = live_photo("a", &format!("{}.HEIC", "x".repeat(300)));
    let tag = tag(&live);
    let names = named("{taken:%Y}/{name}", &live);
    let stem = format!("2024/{}-{tag}", "x".repeat(255 - 5 - 9));
    assert_eq!(names, [format!("{stem}.HEIC"), format!("{stem}.MOV")]);

    let fits = live_photo("a", &format!("{}.HEIC", "x".repeat(250)));
    assert_eq!(named("{name}", &fits)[0].len(), 255);

    let mut rules = windows();
    (rules.name_limit, rules.path_limit) = (90, 94);
    let place = Place::new("{taken:%Y}/{name}", rules);
    let plan = place.plan(&live_photo("a", &format!("{}.HEIC", "👨‍👩‍👧".repeat(20))));
    for path in paths(&plan) {
        assert!(path.encode_utf16().count() <= 94, "{path}");
        assert!(path.contains(&format!("👧-{tag}.")), "{path}");
    }
}

#[test]
fn what_cannot_be_named_is_skipped_and_says_so() {
    let mut rules = rules();
    (rules.name_limit, rules.path_limit) = (10, 10);
    let place = Place::new("{taken:%Y}/{taken:%m}/{name}", rules);
    let plan = place.plan(&photo("a", "IMG_0001.HEIC"));
    assert_eq!(plan.actions, []);
    assert_eq!(plan.skipped[0].code.code(), "plan/name-too-long");
    assert!(
        plan.skipped[0].message.contains("IMG_0001.HEIC"),
        "{}",
        plan.skipped[0].message
    );
}

#[test]
fn names_stay_out_of_the_own_folder_and_of_reserved_names() {
    for name in [".camroll", ".CAMROLL", ".cam\u{200b}roll"] {
        let mut odd = asset("a", name, vec![resource("o", Role::Original, "no/type", "x")]);
        odd.attributes.push(("camera".to_owned(), Value::Text(name.to_owned())));
        assert!(named("{name}", &odd)[0].starts_with('_'));
        assert!(named("{camera}/{name}", &odd)[0].starts_with('_'));
    }
    let place = Place::new("{name}", windows());
    assert_eq!(paths(&place.plan(&photo("a", "con.heic"))), ["con_.heic"]);
    assert_eq!(paths(&place.plan(&photo("a", "a:b?.heic"))), ["a：b？.heic"]);
}

#[test]
fn a_place_without_paths_gets_names_to_show() {
    let mut place = Place::new("{taken:%Y}/{name}", rules());
    place.features = features(None);
    assert_eq!(
        paths(&place.sync(&live_photo("a", "IMG_1.HEIC"))),
        ["IMG_1.HEIC", "IMG_1.MOV"]
    );
    assert_eq!(paths(&place.sync(&photo("b", "IMG_1.HEIC"))), ["IMG_1.HEIC"]);
    assert_eq!(place.plan(&live_photo("a", "IMG_1.HEIC")).actions, []);
}

#[test]
fn an_album_is_a_folder_with_its_folders_and_the_first_by_name_counts() {
    let asset = photo("a", "IMG_1.HEIC");
    let named = |layout: &str, rules: NameRules, albums: &[AlbumPath]| {
        let mut place = Place::new(layout, rules);
        place.albums = albums.to_vec();
        let plan = place.plan(&asset);
        assert_eq!(plan.skipped, []);
        paths(&plan).join(" ")
    };
    let rome = AlbumPath::within(&["Trips", "Italy"], "Rome");
    assert_eq!(named("{album}/{name}", rules(), &[]), "unsorted/IMG_1.HEIC");
    assert_eq!(
        named("{taken:%Y}/{album}/{name}", rules(), std::slice::from_ref(&rome)),
        "2024/Trips/Italy/Rome/IMG_1.HEIC"
    );
    // In a name with other things it is one text.
    assert_eq!(
        named("{album} {taken:%Y}/{name}", rules(), std::slice::from_ref(&rome)),
        "Trips／Italy／Rome 2024/IMG_1.HEIC"
    );
    let several = [album("zoo"), rome, album("Best"), album("attic")];
    assert_eq!(named("{album}/{name}", rules(), &several), "attic/IMG_1.HEIC");
    // By a place's rules, and never above it.
    let odd = [AlbumPath::within(&["..", ""], "CON: a/b?")];
    assert_eq!(
        named("{album}/{name}", windows(), &odd),
        "unknown/unknown/CON： a／b？/IMG_1.HEIC"
    );
    let own = [album(".camroll")];
    assert_ne!(named("{album}/{name}", rules(), &own), ".camroll/IMG_1.HEIC");
}
