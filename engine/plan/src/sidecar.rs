//! The XMP file beside a picture: what the source tells of an asset and its bytes don't. Made here, from the asset alone, so that the same asset has the same sidecar on every machine
//! and in every run; `sync` sends it like any other file.
//!
//! Names and forms are those of the XMP specification, part 2 (ISO 16684-1 for the frame, Exif in XMP for times and places). A favorite is `fstop:favorite` for PhotoPrism, and five stars for
//! programs that know only those, as icloudpd writes it. Keywords stand three times, for the three places where programs look (`dc:subject`, digiKam's list, Lightroom's); Immich reads digiKam's first.

use std::borrow::Cow;
use std::fmt::Write as _;

use camroll_model::{Algorithm, Asset, Digest, Features, Resource, ResourceId, Role, Value, attribute};
use camroll_spec::{Sidecar, Spec, Versions};
use jiff::tz::{Offset, TimeZone};
use quick_xml::escape::escape;
use sha2::{Digest as _, Sha256};

use crate::files::wanted;

/// What names the sidecar among an asset's files. No source's: one of this id gives way to it.
const ID: &str = "camroll/xmp";
/// IANA media type.
const MEDIA_TYPE: &str = "application/rdf+xml";
/// The attribute in which a service gets it that takes it in one request with the picture only.
const WITH_FILE: &str = "xmp";
/// What such a service says of itself.
const TAKES_WITH_FILE: &str = "sidecar-with-file";
/// The attribute of the sidecar that names the file which it belongs to.
const BESIDE: &str = "beside";

/// Whether that file is made by the engine, and not read from the source.
pub fn is_sidecar(file: &ResourceId) -> bool {
    file.as_str() == ID
}

/// The asset with the sidecar that a destination shall get with it: one more file, or an attribute where the service takes it with the picture only. Every plan of an asset begins with it.
pub fn with_sidecar<'a>(asset: &'a Asset, spec: &Spec, features: &Features) -> Cow<'a, Asset> {
    if spec.sidecar == Sidecar::None {
        return Cow::Borrowed(asset);
    }
    let Some(beside) = companion(asset, &spec.versions) else {
        return Cow::Borrowed(asset);
    };
    let text = sidecar(asset);
    let mut asset = asset.clone();
    if features.has_trait(TAKES_WITH_FILE) {
        asset.attributes.retain(|(name, _)| name != WITH_FILE);
        asset.attributes.push((WITH_FILE.to_owned(), Value::Text(text)));
        return Cow::Owned(asset);
    }
    let digest = Sha256::digest(text.as_bytes()).to_vec();
    asset.resources.retain(|resource| !is_sidecar(&resource.id));
    asset.resources.push(Resource {
        id: ID.into(),
        role: Role::Sidecar,
        version: hex::encode(&digest),
        name: None,
        media_type: MEDIA_TYPE.to_owned(),
        size: Some(text.len() as u64),
        digests: vec![Digest {
            algorithm: Algorithm::Sha256,
            value: digest,
        }],
        available: true,
        pointer: Vec::new(),
        attributes: vec![(BESIDE.to_owned(), Value::Text(beside.to_string()))],
    });
    Cow::Owned(asset)
}

/// The file that a sidecar is for: the original, or where that isn't wanted its edit.
fn companion(asset: &Asset, versions: &Versions) -> Option<ResourceId> {
    wanted(asset, versions)
        .into_iter()
        .find(|resource| matches!(resource.role, Role::Original | Role::Edited))
        .map(|resource| resource.id.clone())
}

/// The file of the asset that one of its files is the sidecar of; none for other files.
pub(crate) fn beside<'a>(asset: &'a Asset, resource: &Resource) -> Option<&'a Resource> {
    match attribute(&resource.attributes, BESIDE) {
        Some(Value::Text(id)) if is_sidecar(&resource.id) => asset.resource(&id.as_str().into()),
        _ => None,
    }
}

/// What stands in an asset's sidecar.
pub fn sidecar(asset: &Asset) -> String {
    let mut rest = String::new();
    if let Some(taken) = taken(asset) {
        simple(&mut rest, "exif:DateTimeOriginal", &taken);
    }
    place(&mut rest, asset);
    for (name, element) in [("title", "dc:title"), ("caption", "dc:description")] {
        if let Some(Value::Text(text)) = attribute(&asset.attributes, name) {
            list(
                &mut rest,
                element,
                "Alt",
                " xml:lang=\"x-default\"",
                std::slice::from_ref(text),
            );
        }
    }
    if let Some(Value::Texts(keywords)) = attribute(&asset.attributes, "keywords") {
        for (element, kind) in [
            ("dc:subject", "Bag"),
            ("digiKam:TagsList", "Seq"),
            ("lr:HierarchicalSubject", "Bag"),
        ] {
            list(&mut rest, element, kind, "", keywords);
        }
    }
    if let Some(Value::Texts(people)) = attribute(&asset.attributes, "people") {
        list(&mut rest, "Iptc4xmpExt:PersonInImage", "Bag", "", people);
    }
    if asset.favorite {
        simple(&mut rest, "xmp:Rating", "5");
        simple(&mut rest, "fstop:favorite", "1");
    }
    // Without a version of ours: another camroll makes the same of the same.
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="camroll">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:fstop="http://www.fstopapp.com/xmp/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
{rest}  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"#
    )
}

fn simple(into: &mut String, element: &str, text: &str) {
    // Writing to a text can't fail.
    let _ = writeln!(into, "   <{element}>{}</{element}>", escape(text));
}

/// A list of texts; nothing for those that are empty.
fn list(into: &mut String, element: &str, kind: &str, item: &str, texts: &[String]) {
    let texts: Vec<String> = texts
        .iter()
        .map(|text| writable(text))
        .filter(|text| !text.is_empty())
        .collect();
    if texts.is_empty() {
        return;
    }
    let _ = writeln!(into, "   <{element}>\n    <rdf:{kind}>");
    for text in texts {
        let _ = writeln!(into, "     <rdf:li{item}>{}</rdf:li>", escape(text.as_str()));
    }
    let _ = writeln!(into, "    </rdf:{kind}>\n   </{element}>");
}

/// Without characters that XML can't hold (XML 1.0 §2.2), and without space around it.
fn writable(text: &str) -> String {
    let held =
        |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(held).collect::<String>().trim().to_owned()
}

/// The time on the clock that the photographer saw, with its offset where that is known: 2024-03-05T14:00:00.250+02:00.
fn taken(asset: &Asset) -> Option<String> {
    let time = asset.taken?.to_timestamp()?;
    let offset = asset
        .taken_offset
        .and_then(|seconds| Offset::from_seconds(seconds).ok());
    let there = time.to_zoned(offset.map_or(TimeZone::UTC, Offset::to_time_zone));
    let written = match asset.taken.map_or(0, |taken| taken.nanoseconds / 1_000_000) {
        0 => "%Y-%m-%dT%H:%M:%S",
        _ => "%Y-%m-%dT%H:%M:%S.%3f",
    };
    let end = match offset {
        // A clock without a zone has none here either.
        _ if asset.has_trait("wall-clock") => "",
        Some(_) => "%:z",
        None => "Z",
    };
    Some(there.strftime(&format!("{written}{end}")).to_string())
}

/// Degrees and minutes as Exif in XMP writes them, and metres over the sea.
fn place(into: &mut String, asset: &Asset) {
    let number = |name: &str| match attribute(&asset.attributes, name) {
        Some(Value::Real(number)) => Some(*number),
        Some(Value::Integer(number)) => Some(*number as f64),
        _ => None,
    };
    let (Some(latitude), Some(longitude)) = (number("latitude"), number("longitude")) else {
        return;
    };
    // Comparisons that no NaN passes.
    if !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0) {
        return;
    }
    simple(into, "exif:GPSLatitude", &degrees(latitude, ['N', 'S']));
    simple(into, "exif:GPSLongitude", &degrees(longitude, ['E', 'W']));
    if let Some(altitude) = number("altitude").filter(|altitude| altitude.abs() < 100_000.0) {
        let below = if altitude < 0.0 { "1" } else { "0" };
        simple(into, "exif:GPSAltitudeRef", below);
        let centimetres = (altitude.abs() * 100.0).round();
        simple(into, "exif:GPSAltitude", &format!("{centimetres}/100"));
    }
}

/// 41.2203 is "41,13.218000N".
fn degrees(value: f64, [positive, negative]: [char; 2]) -> String {
    const MINUTE: u64 = 1_000_000;
    // At most 180 × 60 × 10^6: it fits.
    let all = (value.abs() * 60.0 * MINUTE as f64).round() as u64;
    let (degrees, rest) = (all / (60 * MINUTE), all % (60 * MINUTE));
    let side = if value < 0.0 { negative } else { positive };
    format!("{degrees},{}.{:06}{side}", rest / MINUTE, rest % MINUTE)
}
