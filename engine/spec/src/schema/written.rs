//! The language as it is written, only for its schema: the comments are what editors show. What is built is here, and nothing else.
#![allow(
    dead_code,
    reason = "these types are never made: their schemas are what they are for"
)]

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// A camroll spec: what is read, where it goes, and which part of it.
#[derive(JsonSchema)]
#[schemars(title = "camroll spec", deny_unknown_fields)]
pub(super) struct Document {
    /// The version of the language: `1`.
    #[schemars(extend("enum" = [1], "default" = 1))]
    version: u8,
    /// The spec's name: what state, receipts and commands call it. Unique among all specs that are run together.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,62}$"), extend("examples" = ["family-archive"]))]
    name: Option<String>,
    /// Accounts and places that several specs use: a name, and under it a connector with its settings. All files of a folder see each other's.
    connections: Option<BTreeMap<String, Connection>>,
    /// What is read.
    source: Option<Source>,
    /// Where it goes, if it goes to one place.
    destination: Option<Destination>,
    /// Where it goes, if it goes to several places: a name, and under it a destination. What is read once is written to each.
    destinations: Option<BTreeMap<String, Destination>>,
    /// Which part of the library is wanted. Every line must hold; a list is any-of; `any`, `all` and `not` nest. Without filters: everything but hidden items.
    filters: Option<Filters>,
    /// Which of an item's versions are wanted. RAW files and Live videos belong to the original.
    #[schemars(extend("default" = ["original", "edited"]))]
    versions: Option<OneOrMore<Version>>,
    /// What becomes of the albums that a person made.
    #[schemars(extend("default" = "ignore"))]
    albums: Option<Albums>,
    /// What is written beside an item's files of what the source tells of it.
    #[schemars(extend("default" = "none"))]
    sidecar: Option<Sidecar>,
    /// When it runs by itself. Nothing does that yet: run it from cron or a systemd timer. The time zone is used.
    schedule: Option<Schedule>,
    /// What bounds a run.
    limits: Option<Limits>,
}

/// What becomes of albums.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Albums {
    /// Nothing.
    Ignore,
    /// They are albums where the destination has such, else lists of files under `.camroll/albums`.
    Keep,
}

/// What is written beside an item's files.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Sidecar {
    /// Nothing.
    None,
    /// A file `IMG_0001.HEIC.xmp` with date, place, title, caption, keywords and whether it is a favorite. Immich gets it with the picture.
    Xmp,
}

/// One thing, or a list of such things.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "OneOrMore{T}")]
pub(super) enum OneOrMore<T> {
    One(T),
    More(#[schemars(length(min = 1))] Vec<T>),
}

/// A connector with its settings.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Connection {
    /// Which connector.
    connector: Connector,
    /// The connector's own settings.
    with: Option<With>,
    /// What you allow of it.
    pace: Option<Pace>,
}

/// What you allow of an account, over all specs: the smallest of each bound holds. What the service says is obeyed in any case.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct Pace {
    /// Bytes of files that may begin to move within 24 hours, counted by the files' sizes. What is left waits for a later run.
    #[schemars(extend("examples" = ["100GB"]))]
    per_day: Option<Size>,
    /// Bytes of files in a second, both ways together.
    bandwidth: Option<Rate>,
    /// Files whose bytes move at once.
    #[schemars(range(min = 1, max = 64))]
    transfers: Option<u32>,
}

/// Bytes in a second: `500KB/s`, `20MB/s`; at least `100KB/s`.
#[derive(JsonSchema)]
#[schemars(extend("examples" = ["500KB/s", "20MB/s"]), transparent)]
pub(super) struct Rate(#[schemars(regex(pattern = r"^\d+(\.\d+)? ?([KkMmGgTtPp][Ii]?)?[Bb] ?/s$"))] String);

/// What is read: a connection, or a connector with its settings in place.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Source {
    /// The name of a connection under `connections`, in this file or another one of its folder.
    connection: Option<String>,
    /// Which connector.
    connector: Option<Connector>,
    /// The connector's own settings.
    with: Option<With>,
    /// What you allow of it.
    pace: Option<Pace>,
    /// Which libraries of the account: `personal`, `shared`, or the name that the service shows.
    #[schemars(extend("default" = ["personal"], "examples" = [["personal", "shared"]]))]
    libraries: Option<OneOrMore<Library>>,
}

/// `personal`, `shared`, or the name that the service shows.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Library(#[schemars(length(min = 1), extend("examples" = ["personal", "shared"]))] String);

/// Where it goes: a connection, or a connector with its settings in place; and how it is kept there.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Destination {
    /// The name of a connection under `connections`, in this file or another one of its folder.
    connection: Option<String>,
    /// Which connector.
    connector: Option<Connector>,
    /// The connector's own settings.
    with: Option<With>,
    /// What you allow of it.
    pace: Option<Pace>,
    /// How files are called. Fields: `{taken:%Y}` and `{added:%Y}` with any strftime format, `{name}`, `{stem}`, `{ext}`, `{kind}`, `{library}`,
    /// `{favorite}`, `{camera}`, `{id}`, `{id8}`, and `{album}`: a folder by itself, it becomes the album's folders and its own name; of several albums the first
    /// by name; `unsorted` without one.
    #[schemars(
        length(min = 1, max = 1024),
        extend(
            "default" = "{taken:%Y}/{taken:%m}/{name}",
            "examples" = ["{taken:%Y}/{taken:%m}/{name}", "{taken:%Y-%m-%d}/{name}", "{album}/{name}", "{library}/{taken:%Y}/{stem}-{id8}.{ext}"]
        )
    )]
    layout: Option<String>,
    /// What happens here to what left the source.
    #[schemars(extend("default" = "keep"))]
    deletions: Option<Deletions>,
    /// What is done about files that were here before. Other content is never touched.
    #[schemars(extend("default" = "skip"))]
    existing: Option<Existing>,
    /// The least proof that a file arrived. More than the place offers costs a read of each file.
    #[schemars(extend("default" = "accepted"))]
    require_proof: Option<Proof>,
}

/// The id of a connector.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Connector(String);

/// Settings; the schema of each connector takes this one's place.
#[derive(JsonSchema)]
pub(super) struct With {}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Deletions {
    /// It stays, and is listed.
    Keep,
    /// It goes into the destination's own bin (Immich's). Elsewhere it stays.
    Trash,
    /// It goes for good: what camroll brought or took over, of an item that was deleted in the library (moved to Recently Deleted counts). `limits.destructive` bounds how much of it goes unasked.
    Mirror,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Existing {
    /// A file at the wanted path with equal size is read; equal content is not sent again.
    Skip,
    /// Equal content anywhere in the destination counts.
    Compare,
    /// What is there is never read.
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Proof {
    /// The service said yes. For a folder: after fsync.
    Accepted,
    /// The service told its digest afterwards, and it is ours.
    ServiceReported,
    /// The service got our digest with the bytes and would have refused others.
    ServiceChecked,
    /// The bytes were read back from there and compared.
    ReadBack,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Version {
    /// As the camera made it, with its RAW file and its Live video.
    Original,
    /// What you made of it.
    Edited,
    /// The instructions of the edit.
    Adjustments,
}

/// Lines that must all hold, or a list of such, of which one must.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Filter {
    /// Every line must hold.
    Lines(Box<Filters>),
    /// One of them must hold.
    AnyOf(#[schemars(length(min = 1))] Vec<Filter>),
}

/// Every line must hold; a list is any-of.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Filters {
    /// When it was taken, in the photo's own time zone. `to` includes its whole unit. What has no date doesn't pass.
    taken: Option<OneOrMore<Dates>>,
    /// When it came into the library.
    added: Option<OneOrMore<Dates>>,
    /// What sort of item it is.
    kind: Option<OneOrMore<Kind>>,
    /// Its name, by a pattern: `*` stands for any characters, `?` for one; letters' case doesn't matter.
    #[schemars(extend("examples" = ["IMG_*", "*.dng"]))]
    name: Option<OneOrMore<Pattern>>,
    /// An album that it is in, by a pattern for its whole name: that of an album in a folder begins with the folder's, as in `Trips/Rome`. `*` stands for any
    /// characters, `/` among them.
    #[schemars(extend("examples" = ["Selects", "Trips/*"]))]
    album: Option<OneOrMore<Pattern>>,
    /// The size of the original.
    size: Option<OneOrMore<Sizes>>,
    /// Whether it is a favourite.
    favorite: Option<bool>,
    /// `true`: hidden items come, too; `only`: nothing but them. Without it they stay out. Inside `any`, `all` and `not`, `true` means `only`.
    #[schemars(extend("default" = false))]
    hidden: Option<Hidden>,
    /// The library it is in: `personal`, `shared`, or the name that the service shows.
    library: Option<OneOrMore<Library>>,
    /// One of these must hold.
    #[schemars(length(min = 1))]
    any: Option<Vec<Filter>>,
    /// All of these must hold.
    #[schemars(length(min = 1))]
    all: Option<Vec<Filter>>,
    /// This must not hold.
    not: Option<Filter>,
}

/// A pattern for names.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Pattern(#[schemars(length(min = 1, max = 256))] String);

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// A still, Live Photos included.
    Photo,
    /// A still with a moving half.
    LivePhoto,
    /// A film.
    Video,
    /// It has a RAW file.
    Raw,
    /// A picture of the screen.
    Screenshot,
    /// A panorama.
    Panorama,
    /// With depth.
    Portrait,
    /// One of a burst.
    Burst,
    /// Slow motion.
    SloMo,
    /// Time lapse.
    TimeLapse,
    /// A moving still, such as a GIF.
    Animated,
    /// Spatial photo or video.
    Spatial,
    /// Neither still nor film.
    Other,
}

/// A date with its whole unit, or a span.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Dates {
    Within(Span),
    Of(Date),
}

/// A span of time; without `from` or `to` it is open there.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct Span {
    /// The first day, month, year or moment that is in.
    from: Option<Date>,
    /// The last one that is in, with its whole unit: `2020` is to the end of 2020.
    to: Option<Date>,
}

/// A year, a month, a day or a moment: `2024`, `2024-03`, `2024-03-05`, `2024-03-05T14:30:00+01:00`.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "integer"], "examples" = [2024, "2024-03", "2024-03-05"]), transparent)]
pub(super) struct Date(
    #[schemars(regex(pattern = r"^\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2})?([Zz]|[+-]\d{2}(:?\d{2})?)?)?)?)?$"))]
    String,
);

/// A range of sizes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct Sizes {
    /// The smallest that is in.
    min: Option<Size>,
    /// The largest that is in.
    max: Option<Size>,
}

/// A size: `500MB` and `5GB` in powers of ten, `5GiB` in powers of two; a bare number is bytes.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "integer"], "examples" = ["500MB", "5GiB"]), transparent)]
pub(super) struct Size(#[schemars(regex(pattern = r"^\d+(\.\d+)? ?([KkMmGgTtPp][Ii]?)?[Bb]?$"))] String);

/// `true`, `false` or `only`.
#[derive(JsonSchema)]
#[schemars(extend("enum" = [true, false, "only"], "type" = ["boolean", "string"]), transparent)]
pub(super) struct Hidden(String);

/// When it runs by itself: one of `every`, `cron` and `manual`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Schedule {
    /// So long after the last start: `6h`, `30d`.
    #[schemars(extend("examples" = ["6h", "1d"]))]
    every: Option<Duration>,
    /// A cron line of five fields: minute, hour, day, month, weekday.
    #[schemars(extend("examples" = ["0 3 * * *", "0 3 1 * *"]))]
    cron: Option<String>,
    /// Only when you run it.
    #[schemars(extend("enum" = [true], "default" = true))]
    manual: Option<bool>,
    /// The time zone of cron lines and windows, and of photos that have none of their own.
    #[schemars(extend("default" = "UTC", "examples" = ["Europe/Berlin", "America/New_York"]))]
    timezone: Option<String>,
    /// The hours in which runs may start.
    #[schemars(regex(pattern = r"^\d{2}:\d{2} ?- ?\d{2}:\d{2}$"), extend("examples" = ["22:00-06:00"]))]
    window: Option<String>,
    /// Each start is put off by a random time up to this.
    #[schemars(extend("examples" = ["10m"]))]
    jitter: Option<Duration>,
}

/// A duration: `10m`, `6h`, `30d`, `1d12h`.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Duration(
    #[schemars(regex(pattern = r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"), length(min = 2))] String,
);

/// What bounds a run.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Limits {
    /// Files whose bytes move at once. Requests for half as many more may be under way.
    #[schemars(range(min = 1, max = 64), extend("default" = 8))]
    transfers: Option<u32>,
    /// Bytes that may wait, encrypted, on this machine's disk for destinations that are behind or that must know a file whole. A destination that falls further behind reads the source on its own.
    #[schemars(extend("default" = "2GB"))]
    spool: Option<Size>,
    /// The brake: more than this is not replaced, renamed or removed without your word. All together, over seven days.
    destructive: Option<Destructive>,
}

/// The brake; whichever bound is reached first holds.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Destructive {
    /// So many acts.
    #[schemars(extend("default" = 100))]
    max: Option<u64>,
    /// So many percent of what is placed.
    #[schemars(range(min = 0, max = 100), extend("default" = 5))]
    max_percent: Option<f64>,
}
