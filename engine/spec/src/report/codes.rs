//! What each code means: the words of `camroll explain CODE`.

/// A code and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// As it stands in diagnostics.
    pub code: &'static str,
    /// What it means and what to do, in a sentence or two.
    pub meaning: &'static str,
}

/// All codes of this crate, sorted.
pub const CODES: &[Code] = &[
    code("file/missing", "A file or folder that was named isn't there."),
    code(
        "file/no-spec",
        "No spec was found where one was looked for. `camroll init` writes a first one.",
    ),
    code("file/not-text", "The file is not UTF-8 text."),
    code("file/too-many", "More files than are read together were named."),
    code(
        "file/unreadable",
        "The file can't be read; the message has the system's reason.",
    ),
    code(
        "layout/brace",
        "A brace of a layout has no partner. For the character itself write it twice.",
    ),
    code("layout/character", "A character that can't be in a path."),
    code(
        "layout/date-format",
        "A date in a layout needs a format such as {taken:%Y}, made of specifiers whose text can stand in a path.",
    ),
    code("layout/format", "Only taken and added take a format."),
    code("layout/length", "A layout is empty or too long."),
    code(
        "layout/no-extension",
        "Files would get names without the extension of their type. End the layout with {name} or .{ext}.",
    ),
    code(
        "layout/one-name",
        "Many files would get one name, and all but the first a suffix.",
    ),
    code(
        "layout/path",
        "A layout is a relative path without empty parts, without \".\" and \"..\", and not under .camroll.",
    ),
    code("layout/unknown-field", "A layout names a field that doesn't exist."),
    code(
        "secret/bare",
        "A secret itself stands where a reference belongs. Say where it comes from instead: { env: NAME }, { file: PATH } or { command: [..] }.",
    ),
    code(
        "secret/form",
        "A reference to a secret is a map with exactly one of env, file and command.",
    ),
    code(
        "secret/missing",
        "The place that a secret comes from is not there or is empty.",
    ),
    code(
        "secret/unusable",
        "The place that a secret comes from is there, and can't be read, or what it holds can't be a secret.",
    ),
    code(
        "settings/format",
        "A setting doesn't have the form that its connector expects.",
    ),
    code("settings/missing", "A connector needs a setting that isn't there."),
    code(
        "settings/range",
        "A setting is too small, too large, too short or too long.",
    ),
    code(
        "settings/type",
        "A setting has another type than its connector expects.",
    ),
    code(
        "settings/unknown-key",
        "A connector has no setting of that name. `camroll connector info ID` lists them.",
    ),
    code(
        "settings/word",
        "A setting takes one of several words, and this is none of them.",
    ),
    code(
        "spec/broken-connection",
        "A spec uses a connection that has errors of its own.",
    ),
    code(
        "spec/cron",
        "A cron line has five fields: minute, hour, day of the month, month, weekday.",
    ),
    code(
        "spec/date",
        "Not a date. Dates are written 2024, 2024-03, 2024-03-05 or with a time.",
    ),
    code(
        "spec/duration",
        "Not a duration. Durations are written 10m, 6h, 30d or 1d12h.",
    ),
    code("spec/either-or", "Two keys that exclude each other."),
    code("spec/empty", "A list or a map that must hold something is empty."),
    code("spec/missing", "A key that a spec needs isn't there."),
    code(
        "spec/name",
        "Names of specs, destinations and connections are made of a-z, 0-9, '.', '_' and '-'.",
    ),
    code(
        "spec/no-connection",
        "A spec names a connection that no file of its folder has.",
    ),
    code(
        "spec/no-daemon",
        "A schedule says when to run, and no part of this version runs a spec by itself.",
    ),
    code(
        "spec/not-built-yet",
        "The language has this, and this version of camroll can't do it yet.",
    ),
    code(
        "spec/pattern",
        "Not a pattern for names. * stands for any characters, ? for one.",
    ),
    code("spec/range", "A value is out of range."),
    code(
        "spec/rate",
        "Not a rate. Rates are written 500KB/s or 20MB/s: bytes in a second.",
    ),
    code(
        "spec/role",
        "A connector that can only be read was given as a destination, or the other way round.",
    ),
    code("spec/same-place", "Two destinations of one spec are the same place."),
    code(
        "spec/size",
        "Not a size. Sizes are written 500MB, 5GB (powers of ten) or 5GiB (powers of two).",
    ),
    code(
        "spec/timezone",
        "Not a time zone of the IANA list, such as Europe/Berlin.",
    ),
    code("spec/twice", "Something is named twice in one list."),
    code("spec/two-connections", "Two connections of one folder have one name."),
    code(
        "spec/two-specs",
        "Two specs that are read together have one name. Neither is used.",
    ),
    code("spec/type", "A value has another type than is expected."),
    code(
        "spec/unknown-connector",
        "No connector of that id is installed. `camroll connector list` lists them.",
    ),
    code(
        "spec/unknown-key",
        "A key that the language doesn't have in that place.",
    ),
    code("spec/version", "The language's version is 1."),
    code("spec/window", "A window is two times of day such as \"22:00-06:00\"."),
    code(
        "spec/word",
        "One of several words is expected, and this is none of them.",
    ),
    code("yaml/ambiguous", "Two YAML readers don't read the file alike."),
    code("yaml/duplicate-key", "One key stands twice in one map."),
    code("yaml/key", "A key is a list or a map."),
    code("yaml/syntax", "The file is not YAML."),
    code("yaml/tag", "Tags (!name) mean nothing in a spec."),
    code("yaml/too-deep", "The file is nested too deeply."),
    code("yaml/too-large", "The file is larger than a file of specs may be."),
    code(
        "yaml/too-much",
        "The file has too many documents, values or uses of anchors.",
    ),
    code(
        "yaml/trap",
        "A word without quotes that other YAML readers take for something else than a text.",
    ),
];

const fn code(code: &'static str, meaning: &'static str) -> Code {
    Code { code, meaning }
}

/// What a code means; none if it is none of this crate's.
pub fn explain_code(code: &str) -> Option<&'static str> {
    CODES.iter().find(|known| known.code == code).map(|known| known.meaning)
}
